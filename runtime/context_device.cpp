// A context on a device: its queue, and its arena as one allocation of which each root is a slice.
#include <algorithm>

#include "runtime/context.h"

namespace tenfold::runtime {

Failure Context::prepare_device(const tenfold_context_options& options) {
  const tenfold_variant& variant = network_->variant();
  TENFOLD_RETURN_FAILURE(network_->device(options.device, options.stream, device_weights_));
  TENFOLD_RETURN_FAILURE(device_weights_->device().make_queue(options.stream, queue_));
  if (variant.arena_bytes == 0) return success();

  const auto arena_bytes = static_cast<size_t>(variant.arena_bytes);
  TENFOLD_RETURN_FAILURE(queue_->allocate(arena_bytes, device_arena_));
  for (uint32_t f = 0; f < variant.fill_count; ++f)
    TENFOLD_RETURN_FAILURE(queue_->zero(device_arena_, variant.fills[f]));

  for (uint32_t s = 0; s < variant.step_count; ++s)
    for (uint32_t o = 0; o < variant.steps[s].operand_count; ++o)
      if (const tenfold_operand& operand = variant.steps[s].operands[o];
          operand.home == TENFOLD_HOME_ARENA)
        slices_.push_back({operand.offset_bytes, operand_bytes(operand), 0});
  // Of the views of one root the longest stays.
  std::sort(slices_.begin(), slices_.end(), [](const Slice& a, const Slice& b) {
    return a.offset_bytes != b.offset_bytes ? a.offset_bytes < b.offset_bytes
                                            : a.size_bytes > b.size_bytes;
  });
  slices_.erase(
      std::unique(slices_.begin(), slices_.end(),
                  [](const Slice& a, const Slice& b) { return a.offset_bytes == b.offset_bytes; }),
      slices_.end());
  for (Slice& slice : slices_)
    TENFOLD_RETURN_FAILURE(queue_->slice(device_arena_, static_cast<size_t>(slice.offset_bytes),
                                         static_cast<size_t>(slice.size_bytes), slice.handle));
  return queue_->synchronize();
}

Failure Context::prepare_device_for_op(const tenfold_context_options& options) {
  tenfold_variant any = {};
  any.device = options.device_kind;
  any.target = "a single operator";
  DeviceKey key;
  TENFOLD_RETURN_FAILURE(probe_device(any));
  TENFOLD_RETURN_FAILURE(device_key(any, options.device, options.stream, key));
  TENFOLD_RETURN_FAILURE(open_device(any, key, own_device_));
  return own_device_->make_queue(options.stream, queue_);
}

}  // namespace tenfold::runtime
