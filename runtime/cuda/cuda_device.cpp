#include "runtime/cuda/cuda_device.h"

#include <HalideRuntime.h>

#include "runtime/cuda/cuda_module.h"

namespace tenfold::runtime::cuda {
namespace {

constexpr int most_arguments = 64;

#define TENFOLD_CURRENT(context)  \
  const Current current(context); \
  TENFOLD_RETURN_FAILURE(current.failure())

class CudaQueue final : public Queue {
 public:
  CudaQueue(CUcontext context, CUstream stream, bool owned, Functions& functions)
      : context_(context), stream_(stream), owned_(owned), functions_(functions) {}

  ~CudaQueue() override {
    const Current current(context_);
    driver().stream_synchronize(stream_);
    if (owned_) driver().stream_destroy(stream_);
  }

  Failure allocate(size_t size_bytes, uint64_t& handle) override {
    TENFOLD_CURRENT(context_);
    CUdeviceptr memory = 0;
    TENFOLD_CUDA(allocate, &memory, size_bytes);
    handle = memory;
    return success();
  }

  Failure slice(uint64_t whole, size_t offset_bytes, size_t, uint64_t& handle) override {
    handle = whole + offset_bytes;
    return success();
  }

  void release(uint64_t handle, bool is_slice) override {
    if (is_slice) return;
    const Current current(context_);
    driver().free(handle);
  }

  Failure upload(uint64_t handle, const void* host, size_t size_bytes) override {
    TENFOLD_CURRENT(context_);
    TENFOLD_CUDA(copy_to_device, handle, host, size_bytes, stream_);
    return success();
  }

  Failure download(uint64_t handle, void* host, size_t size_bytes) override {
    TENFOLD_CURRENT(context_);
    TENFOLD_CUDA(copy_to_host, host, handle, size_bytes, stream_);
    TENFOLD_CUDA(stream_synchronize, stream_);
    return success();
  }

  Failure zero(uint64_t handle, const tenfold_fill& fill) override {
    TENFOLD_CURRENT(context_);
    TENFOLD_CUDA(fill, handle + static_cast<uint64_t>(fill.offset_bytes),
                 static_cast<size_t>(fill.stride_bytes), 0, static_cast<size_t>(fill.row_bytes),
                 static_cast<size_t>(fill.rows), stream_);
    return success();
  }

  Failure synchronize() override {
    TENFOLD_CURRENT(context_);
    TENFOLD_CUDA(stream_synchronize, stream_);
    return success();
  }

  Failure load_module(void** state, const char* source, size_t size_bytes) override {
    __atomic_store_n(state, static_cast<void*>(state), __ATOMIC_RELAXED);
    return functions_.load(state, source, size_bytes);
  }

  Failure launch(const tenfold_launch& launch) override {
    TENFOLD_CURRENT(context_);
    CUfunction function = nullptr;
    TENFOLD_RETURN_FAILURE(functions_.find(launch, function));
    uint64_t handles[most_arguments];
    void* arguments[most_arguments];
    int count = 0;
    for (; launch.arg_sizes[count] != 0; ++count) {
      if (count == most_arguments)
        return fail(TENFOLD_FAILED,
                    std::string("kernel ") + launch.entry + " has too many arguments");
      handles[count] = launch.arg_is_buffer[count]
                           ? static_cast<const halide_buffer_t*>(launch.args[count])->device
                           : 0;
      arguments[count] = launch.arg_is_buffer[count] ? &handles[count] : launch.args[count];
    }
    const auto size = [](int value) { return static_cast<unsigned>(value); };
    TENFOLD_CUDA(launch, function, size(launch.blocks[0]), size(launch.blocks[1]),
                 size(launch.blocks[2]), size(launch.threads[0]), size(launch.threads[1]),
                 size(launch.threads[2]), size(launch.shared_bytes), stream_, arguments, nullptr);
    return success();
  }

 private:
  const CUcontext context_;
  const CUstream stream_;
  const bool owned_;
  Functions& functions_;
};

class CudaDevice final : public Device {
 public:
  CudaDevice(CUcontext context, CUdevice device, bool retained, uint32_t capability)
      : context_(context),
        device_(device),
        retained_(retained),
        functions_(std::make_unique<Functions>(capability)) {}

  ~CudaDevice() override {
    {
      const Current current(context_);
      functions_.reset();
    }
    if (retained_) driver().primary_release(device_);
  }

  Failure make_queue(void* stream, std::unique_ptr<Queue>& queue) override {
    TENFOLD_CURRENT(context_);
    auto* native = static_cast<CUstream>(stream);
    if (!native) TENFOLD_CUDA(stream_create, &native, stream_non_blocking);
    queue = std::make_unique<CudaQueue>(context_, native, stream == nullptr, *functions_);
    return success();
  }

 private:
  const CUcontext context_;
  const CUdevice device_;
  const bool retained_;
  std::unique_ptr<Functions> functions_;
};

/// Errors: UNAVAILABLE when there is no driver, no such device, or one that the variant's code is
/// too new for.
Failure check_device(const tenfold_variant& variant, CUdevice device, uint32_t& capability) {
  int major = 0, minor = 0;
  TENFOLD_CUDA(device_get_attribute, &major, attribute_capability_major, device);
  TENFOLD_CUDA(device_get_attribute, &minor, attribute_capability_minor, device);
  capability = static_cast<uint32_t>(10 * major + minor);
  if (capability >= variant.cuda_capability) return success();
  return fail(TENFOLD_UNAVAILABLE, "CUDA: the device has compute capability " +
                                       std::to_string(major) + "." + std::to_string(minor) +
                                       ", too old for " + variant.target);
}

Failure find_device(uint32_t index, CUdevice& device) {
  if (!driver().missing.empty()) return fail(TENFOLD_UNAVAILABLE, "CUDA: " + driver().missing);
  int count = 0;
  TENFOLD_CUDA(device_get_count, &count);
  if (index >= static_cast<uint32_t>(count))
    return fail(TENFOLD_UNAVAILABLE, "CUDA: there is no device " + std::to_string(index) +
                                         ", there are " + std::to_string(count));
  TENFOLD_CUDA(device_get, &device, static_cast<int>(index));
  return success();
}

}  // namespace

Failure probe(const tenfold_variant& variant) {
  CUdevice device = 0;
  uint32_t capability = 0;
  TENFOLD_RETURN_FAILURE(find_device(0, device));
  return check_device(variant, device, capability);
}

Failure key(uint32_t index, void* stream, DeviceKey& key) {
  key = {index, nullptr};
  if (!stream) return success();
  key.index = 0;
  CUcontext context = nullptr;
  TENFOLD_CUDA(stream_get_context, static_cast<CUstream>(stream), &context);
  key.native_context = context;
  return success();
}

Failure open(const tenfold_variant& variant, const DeviceKey& key,
             std::shared_ptr<Device>& device) {
  CUdevice number = 0;
  uint32_t capability = 0;
  auto* context = static_cast<CUcontext>(key.native_context);
  if (context) {
    TENFOLD_CURRENT(context);
    TENFOLD_CUDA(get_device, &number);
  } else {
    TENFOLD_RETURN_FAILURE(find_device(key.index, number));
  }
  TENFOLD_RETURN_FAILURE(check_device(variant, number, capability));
  const bool retained = context == nullptr;
  if (retained) TENFOLD_CUDA(primary_retain, &context, number);
  device = std::make_shared<CudaDevice>(context, number, retained, capability);
  return success();
}

}  // namespace tenfold::runtime::cuda
