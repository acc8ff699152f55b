#include "runtime/cuda/cuda_module.h"

#include <algorithm>
#include <cstring>

namespace tenfold::runtime::cuda {

Failure choose_image(const char* source, size_t size_bytes, uint32_t capability, Image& image) {
  tenfold_cuda_module header;
  if (size_bytes < sizeof header ||
      std::memcmp(source, TENFOLD_CUDA_MAGIC, sizeof header.magic) != 0) {
    image = {source, true};
    return success();
  }
  std::memcpy(&header, source, sizeof header);
  if (header.image_count > (size_bytes - sizeof header) / sizeof(tenfold_cuda_image))
    return fail(TENFOLD_CORRUPT, "a CUDA module is shorter than its table of images");
  image = {};
  uint32_t best = 0;
  for (uint32_t i = 0; i < header.image_count; ++i) {
    tenfold_cuda_image row;
    std::memcpy(&row, source + sizeof header + i * sizeof row, sizeof row);
    if (row.offset_bytes > size_bytes || row.size_bytes > size_bytes - row.offset_bytes)
      return fail(TENFOLD_CORRUPT, "an image lies outside of its CUDA module");
    const bool is_ptx = row.capability == 0;
    const bool runs = row.capability / 10 == capability / 10 && row.capability <= capability;
    if (is_ptx ? image.data != nullptr : !runs || row.capability <= best) continue;
    image = {source + row.offset_bytes, is_ptx};
    best = row.capability;
  }
  if (image.data) return success();
  return fail(TENFOLD_UNAVAILABLE, "CUDA: the library has no code for compute capability " +
                                       std::to_string(capability / 10) + "." +
                                       std::to_string(capability % 10));
}

Functions::~Functions() {
  for (CUmodule module : modules_) driver().module_unload(module);
}

Failure Functions::load(void** slot, const char* source, size_t size_bytes) {
  const std::lock_guard lock(mutex_);
  if (images_.contains(slot)) return success();
  Image image;
  TENFOLD_RETURN_FAILURE(choose_image(source, size_bytes, capability_, image));
  images_.emplace(slot, image);
  return success();
}

Failure Functions::find(const tenfold_launch& launch, CUfunction& function) {
  const std::lock_guard lock(mutex_);
  auto known = functions_.find({launch.module, launch.entry});
  if (known == functions_.end()) {
    const auto image = images_.find(launch.module);
    if (image == images_.end())
      return fail(TENFOLD_FAILED,
                  std::string("the module of kernel ") + launch.entry + " is not loaded");
    Function made;
    TENFOLD_RETURN_FAILURE(make(image->second, launch, made));
    known =
        functions_.emplace(std::pair<void*, const char*>{launch.module, launch.entry}, made).first;
  }
  if (launch.shared_bytes > known->second.shared_bytes) {
    TENFOLD_CUDA(function_set_attribute, known->second.function,
                 function_attribute_dynamic_shared_bytes, launch.shared_bytes);
    known->second.shared_bytes = launch.shared_bytes;
  }
  function = known->second.function;
  return success();
}

Failure Functions::make(const Image& image, const tenfold_launch& launch, Function& function) {
  char log[400] = "";
  int options[] = {jit_error_log_buffer, jit_error_log_buffer_bytes, jit_threads_per_block};
  // Numbers travel in the pointers themselves.
  void* values[] = {log, reinterpret_cast<void*>(sizeof log),
                    reinterpret_cast<void*>(static_cast<uintptr_t>(
                        launch.threads[0] * launch.threads[1] * launch.threads[2]))};
  CUmodule module = nullptr;
  const CUresult code =
      driver().module_load(&module, image.data, image.is_ptx ? 3 : 2, options, values);
  if (code != cuda_success) {
    Failure failure = failure_of("cuModuleLoadDataEx", code);
    std::replace(std::begin(log), std::end(log), '\n', ' ');
    if (log[0]) failure.text += std::string(": ") + log;
    return failure;
  }
  modules_.push_back(module);
  TENFOLD_CUDA(module_get_function, &function.function, module, launch.entry);
  return success();
}

}  // namespace tenfold::runtime::cuda
