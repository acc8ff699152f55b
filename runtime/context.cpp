#include "runtime/context.h"

#include <sched.h>

#include <algorithm>
#include <cstring>

namespace tenfold::runtime {
namespace {

constexpr size_t scratch_headers_bytes = 4096;  // room for the headers of 32 blocks

uint32_t usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
}

halide_type_t halide_type(uint32_t type) {
  switch (type) {
    case TENFOLD_F32:
      return {halide_type_float, 32, 1};
    case TENFOLD_F16:
      return {halide_type_float, 16, 1};
    case TENFOLD_F64:
      return {halide_type_float, 64, 1};
    case TENFOLD_I8:
      return {halide_type_int, 8, 1};
    case TENFOLD_U8:
      return {halide_type_uint, 8, 1};
    case TENFOLD_I32:
      return {halide_type_int, 32, 1};
    case TENFOLD_I64:
      return {halide_type_int, 64, 1};
    default:
      return {halide_type_uint, 1, 1};
  }
}

int64_t type_bytes(uint32_t type) {
  return halide_type(type).bytes();
}

// Kernels hand a buffer's interface on to the shims and never look into it.
const halide_device_interface_t marker_interface = {};

}  // namespace

int64_t operand_bytes(const tenfold_operand& operand) {
  int64_t last = 0;
  for (uint32_t i = 0; i < operand.rank; ++i)
    last += (operand.dims[i].extent - int64_t{1}) * operand.dims[i].stride;
  return (last + 1) * type_bytes(operand.type);
}

Context::Context(const tenfold_context_options& options) : log_{options.log, options.log_user} {
  const uint32_t threads = options.threads ? options.threads : usable_cores();
  team_ = std::make_unique<Team>(static_cast<int>(std::min(threads, Team::most_threads())), this,
                                 &context_ops());
  first_user_context_ = user_context();
}

Context::~Context() {
  if (!queue_) return;
  static_cast<void>(queue_->synchronize());
  for (const Slice& slice : slices_)
    if (slice.handle) queue_->release(slice.handle, true);
  if (device_arena_) queue_->release(device_arena_, false);
  for (const std::vector<Port>* ports : {&inputs_, &outputs_})
    for (const Port& port : *ports)
      if (port.own_handle) queue_->release(port.own_handle, false);
}

Failure Context::create_for_op(const tenfold_context_options& options,
                               std::unique_ptr<Context>& context) {
  std::unique_ptr<Context> made(new Context(options));
  if (options.device_kind != 0) TENFOLD_RETURN_FAILURE(made->prepare_device_for_op(options));
  context = std::move(made);
  return success();
}

Failure Context::create(const Network& network, const tenfold_context_options& options,
                        std::unique_ptr<Context>& result) {
  std::unique_ptr<Context> context(new Context(options));
  context->network_ = &network;
  if (!options.log) context->log_ = network.log();
  const tenfold_library& library = network.library();
  for (uint32_t i = 0; i < library.input_count; ++i)
    context->inputs_.emplace_back().table = &library.inputs[i];
  for (uint32_t i = 0; i < library.output_count; ++i)
    context->outputs_.emplace_back().table = &library.outputs[i];
  TENFOLD_RETURN_FAILURE(network.variant().device == 0 ? context->prepare_memory()
                                                       : context->prepare_device(options));
  TENFOLD_RETURN_FAILURE(context->prepare_steps());
  context->allocations_ = 0;
  result = std::move(context);
  return success();
}

Failure Context::prepare_memory() {
  const tenfold_variant& variant = network_->variant();
  arena_ = Pages(static_cast<size_t>(
      variant.arena_bytes));  // new pages are zero, so variant.fills hold already
  bool enough = arena_.data() != nullptr;
  if (variant.scratch_bytes > 0)
    for (int rank = 0; enough && rank < team_->threads(); ++rank)
      enough = team_->member(rank).scratch.reserve(
          static_cast<size_t>(variant.scratch_bytes) + scratch_headers_bytes, allocations_);
  if (enough) return success();
  return fail(TENFOLD_OUT_OF_MEMORY, "no memory for " + std::to_string(variant.arena_bytes) +
                                         " bytes of activations and " +
                                         std::to_string(variant.scratch_bytes) +
                                         " of scratch a thread");
}

Failure Context::prepare_steps() {
  const tenfold_variant& variant = network_->variant();
  size_t buffer_count = 0, dim_count = 0;
  for (uint32_t s = 0; s < variant.step_count; ++s)
    for (uint32_t o = 0; o < variant.steps[s].operand_count; ++o) {
      ++buffer_count;
      dim_count += variant.steps[s].operands[o].rank;
    }
  // Their elements are pointed at: sized once.
  buffers_.reserve(buffer_count);
  dims_.reserve(dim_count);
  arguments_.reserve(buffer_count + variant.step_count);
  steps_.reserve(variant.step_count);
  for (uint32_t s = 0; s < variant.step_count; ++s) {
    const tenfold_step& step = variant.steps[s];
    steps_.push_back({&step, arguments_.data() + arguments_.size()});
    arguments_.push_back(&first_user_context_);
    for (uint32_t o = 0; o < step.operand_count; ++o) {
      const tenfold_operand& operand = step.operands[o];
      halide_buffer_t& buffer = buffers_.emplace_back();
      buffer.type = halide_type(operand.type);
      buffer.dimensions = static_cast<int32_t>(operand.rank);
      buffer.dim = dims_.data() + dims_.size();
      for (uint32_t d = 0; d < operand.rank; ++d)
        dims_.emplace_back(operand.dims[d].min, operand.dims[d].extent, operand.dims[d].stride);
      TENFOLD_RETURN_FAILURE(place(operand, buffer));
      arguments_.push_back(&buffer);
    }
  }
  return success();
}

Failure Context::place(const tenfold_operand& operand, halide_buffer_t& buffer) {
  if (queue_) buffer.device_interface = &marker_interface;
  switch (operand.home) {
    case TENFOLD_HOME_INPUT:
      inputs_[operand.index].parts.push_back({&buffer, operand.offset_bytes});
      break;
    case TENFOLD_HOME_OUTPUT:
      outputs_[operand.index].parts.push_back({&buffer, operand.offset_bytes});
      break;
    case TENFOLD_HOME_WEIGHTS:
      if (queue_)
        buffer.device = device_weights_->at(operand.offset_bytes);
      else  // kernels only read it
        buffer.host = reinterpret_cast<uint8_t*>(
            const_cast<std::byte*>(network_->weights().data() + operand.offset_bytes));
      break;
    default:
      if (queue_) {
        const auto slice = std::lower_bound(
            slices_.begin(), slices_.end(), operand.offset_bytes,
            [](const Slice& s, int64_t offset) { return s.offset_bytes < offset; });
        buffer.device = slice->handle;
      } else {
        buffer.host = reinterpret_cast<uint8_t*>(arena_.data() + operand.offset_bytes);
      }
  }
  return success();
}

Failure Context::find_port(Side side, uint32_t index, size_t size_bytes, Port*& port) {
  auto& ports = side == Side::input ? inputs_ : outputs_;
  const std::string what = side == Side::input ? "input" : "output";
  if (index >= ports.size())
    return fail(TENFOLD_INVALID_ARGUMENT, "there is no " + what + " " + std::to_string(index) +
                                              ": the network has " + std::to_string(ports.size()));
  port = &ports[index];
  if (size_bytes != static_cast<size_t>(port->table->size_bytes))
    return fail(TENFOLD_INVALID_ARGUMENT, what + " '" + port->table->name + "' has " +
                                              std::to_string(port->table->size_bytes) +
                                              " bytes, not " + std::to_string(size_bytes));
  return success();
}

Failure Context::bind(Side side, uint32_t index, void* data, size_t size_bytes) {
  Port* port = nullptr;
  TENFOLD_RETURN_FAILURE(find_port(side, index, size_bytes, port));
  if (reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(type_bytes(port->table->type)) !=
      0)
    return fail(TENFOLD_INVALID_ARGUMENT, std::string("the memory for '") + port->table->name +
                                              "' is not aligned to its elements");
  if (queue_ && !port->own_handle) {
    TENFOLD_RETURN_FAILURE(queue_->allocate(size_bytes, port->own_handle));
    allocations_.fetch_add(1, std::memory_order_relaxed);
  }
  port->host = data;
  port->bound_handle = 0;
  for (const Port::Part& part : port->parts) {
    if (queue_)
      part.buffer->device = port->own_handle;
    else
      part.buffer->host = static_cast<uint8_t*>(data) + part.offset_bytes;
  }
  return success();
}

Failure Context::bind_device(Side side, uint32_t index, uint64_t handle, size_t size_bytes) {
  if (!queue_)
    return fail(TENFOLD_INVALID_ARGUMENT,
                "the network runs on the CPU: bind its memory with tenfold_bind_input and "
                "tenfold_bind_output");
  Port* port = nullptr;
  TENFOLD_RETURN_FAILURE(find_port(side, index, size_bytes, port));
  port->host = nullptr;
  port->bound_handle = handle;
  for (const Port::Part& part : port->parts) part.buffer->device = handle;
  return success();
}

Failure Context::read_arena(int64_t offset_bytes, void* data, size_t size_bytes) {
  const int64_t arena_bytes = network_ ? network_->variant().arena_bytes : 0;
  if (offset_bytes < 0 || offset_bytes > arena_bytes ||
      size_bytes > static_cast<uint64_t>(arena_bytes - offset_bytes))
    return fail(TENFOLD_INVALID_ARGUMENT,
                "the arena holds " + std::to_string(arena_bytes) + " bytes: nothing to read there");
  if (!queue_) {
    std::memcpy(data, arena_.data() + offset_bytes, size_bytes);
    return success();
  }
  uint64_t handle = 0;
  TENFOLD_RETURN_FAILURE(
      queue_->slice(device_arena_, static_cast<size_t>(offset_bytes), size_bytes, handle));
  Failure copied = queue_->download(handle, data, size_bytes);
  queue_->release(handle, true);
  return copied;
}

tenfold_memory Context::memory() const {
  tenfold_memory memory = {};
  if (network_) {
    memory.arena_bytes = network_->variant().arena_bytes;
    memory.weights_bytes = static_cast<int64_t>(network_->weights().size_bytes());
  }
  for (int rank = 0; rank < team_->threads(); ++rank)
    memory.scratch_bytes += static_cast<int64_t>(team_->member(rank).scratch.capacity_bytes());
  memory.allocations = allocations_.load();
  return memory;
}

}  // namespace tenfold::runtime
