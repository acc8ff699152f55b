#include "runtime/network.h"

#include <algorithm>
#include <filesystem>

#include "base/target.h"

namespace tenfold::runtime {
namespace {

/// Why this machine can't run a variant, or success.
Failure check_runs_here(const tenfold_variant& variant) {
  if (static_cast<DeviceKind>(variant.device) != DeviceKind::cpu) return probe_device(variant);
  const Result<Target> target = parse_target(variant.target);
  if (!target) return fail(TENFOLD_VERSION, target.error().message);
  if (!runs_here(*target))
    return fail(TENFOLD_UNAVAILABLE,
                std::string("this processor lacks the instructions of ") + variant.target);
  return success();
}

}  // namespace

Failure Network::open(const std::string& path, const tenfold_open_options& options,
                      std::unique_ptr<Network>& network) {
  auto opened = std::make_unique<Network>();
  TENFOLD_RETURN_FAILURE(LibraryFile::open(path, opened->file_));
  TENFOLD_RETURN_FAILURE(
      opened->load(opened->file_.query(), "'" + path + "'", opened->file_.weights_path(), options));
  network = std::move(opened);
  return success();
}

Failure Network::open_linked(tenfold_query_fn query, const char* weights_path,
                             const tenfold_open_options& options,
                             std::unique_ptr<Network>& network) {
  auto opened = std::make_unique<Network>();
  TENFOLD_RETURN_FAILURE(
      opened->load(query, "the linked library", weights_path ? weights_path : "", options));
  network = std::move(opened);
  return success();
}

Failure Network::load(tenfold_query_fn query, const std::string& where,
                      const std::string& weights_path, const tenfold_open_options& options) {
  log_ = {options.log, options.log_user};
  TENFOLD_RETURN_FAILURE(query_tables(query, where, library_));
  if (library_->run)
    return fail(TENFOLD_INVALID_ARGUMENT, where + " holds a single operator: call " +
                                              library_->name +
                                              "_run with a context of tenfold_op_context_create");
  TENFOLD_RETURN_FAILURE(choose_variant(options.target));
  if (library_->weights_size_bytes > 0) {
    std::filesystem::path path = weights_path;
    if (path.empty())
      return fail(TENFOLD_INVALID_ARGUMENT, where + " needs the path of its weights");
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
      path /= std::string(library_->name) + ".weights";
    const WeightsOptions how{.hash_all = options.hash_weights != 0,
                             .copy = options.map_weights == 0 &&
                                     static_cast<DeviceKind>(variant_->device) == DeviceKind::cpu};
    TENFOLD_RETURN_FAILURE(Weights::load(path.string(), *library_, *variant_, how, weights_));
  }
  log_(TENFOLD_LOG_INFO, std::string("opened ") + library_->name + " for " + variant_->target +
                             ": " + std::to_string(variant_->step_count) + " steps, " +
                             std::to_string(weights_.size_bytes()) + " bytes of weights");
  return success();
}

Failure Network::choose_variant(const char* target) {
  std::string reasons, names;
  for (uint32_t i = 0; i < library_->variant_count; ++i) {
    const tenfold_variant& variant = library_->variants[i];
    names += (names.empty() ? "" : ", ") + std::string(variant.target);
    if (target && std::string_view(target) != variant.target) continue;
    const Failure failure = check_runs_here(variant);
    if (!failure) {
      variant_ = &variant;
      return success();
    }
    log_(TENFOLD_LOG_INFO, std::string(variant.target) + " is passed over: " + failure.text);
    reasons += (reasons.empty() ? "" : "; ") + std::string(variant.target) + ": " + failure.text;
  }
  if (reasons.empty())
    return fail(TENFOLD_UNAVAILABLE, std::string(library_->name) + " has no variant '" +
                                         (target ? target : "") + "'; it has " + names);
  return fail(TENFOLD_UNAVAILABLE, std::string(library_->name) + " does not run here: " + reasons);
}

Failure Network::device(uint32_t index, void* stream, const DeviceWeights*& weights) const {
  DeviceKey key;
  TENFOLD_RETURN_FAILURE(device_key(*variant_, index, stream, key));
  const std::lock_guard lock(devices_mutex_);
  for (const OnDevice& known : devices_) {
    if (known.key != key) continue;
    weights = known.weights.get();
    return success();
  }
  std::shared_ptr<Device> device;
  TENFOLD_RETURN_FAILURE(open_device(*variant_, key, device));
  std::unique_ptr<DeviceWeights> uploaded;
  TENFOLD_RETURN_FAILURE(DeviceWeights::upload(std::move(device), *variant_, weights_, uploaded));
  weights = devices_.emplace_back(OnDevice{key, std::move(uploaded)}).weights.get();
  return success();
}

Failure DeviceWeights::upload(std::shared_ptr<Device> device, const tenfold_variant& variant,
                              const Weights& weights, std::unique_ptr<DeviceWeights>& result) {
  auto made = std::make_unique<DeviceWeights>();
  made->device_ = std::move(device);
  TENFOLD_RETURN_FAILURE(made->device_->make_queue(nullptr, made->queue_));

  auto& constants = made->constants_;
  for (uint32_t s = 0; s < variant.step_count; ++s)
    for (uint32_t o = 0; o < variant.steps[s].operand_count; ++o)
      if (const tenfold_operand& operand = variant.steps[s].operands[o];
          operand.home == TENFOLD_HOME_WEIGHTS)
        constants.push_back({operand.offset_bytes, operand_bytes(operand), 0});
  // Of several views of one constant the longest stays.
  std::sort(constants.begin(), constants.end(), [](const Constant& a, const Constant& b) {
    return a.offset_bytes != b.offset_bytes ? a.offset_bytes < b.offset_bytes
                                            : a.size_bytes > b.size_bytes;
  });
  constants.erase(std::unique(constants.begin(), constants.end(),
                              [](const Constant& a, const Constant& b) {
                                return a.offset_bytes == b.offset_bytes;
                              }),
                  constants.end());
  for (Constant& constant : constants) {
    const auto size = static_cast<size_t>(constant.size_bytes);
    TENFOLD_RETURN_FAILURE(made->queue_->allocate(size, constant.handle));
    TENFOLD_RETURN_FAILURE(
        made->queue_->upload(constant.handle, weights.data() + constant.offset_bytes, size));
  }
  TENFOLD_RETURN_FAILURE(made->queue_->synchronize());
  result = std::move(made);
  return success();
}

DeviceWeights::~DeviceWeights() {
  for (const Constant& constant : constants_)
    if (constant.handle) queue_->release(constant.handle, false);
}

uint64_t DeviceWeights::at(int64_t offset_bytes) const {
  const auto found =
      std::lower_bound(constants_.begin(), constants_.end(), offset_bytes,
                       [](const Constant& c, int64_t offset) { return c.offset_bytes < offset; });
  return found->handle;
}

}  // namespace tenfold::runtime
