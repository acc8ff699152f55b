#include "runtime/opencl/opencl_device.h"

#include <HalideRuntime.h>

#include <algorithm>
#include <vector>

#include "runtime/opencl/opencl_program.h"

namespace tenfold::runtime::opencl {
namespace {

cl_mem memory(uint64_t handle) {
  return reinterpret_cast<cl_mem>(handle);
}

#define TENFOLD_CL(call, ...)                                                 \
  do {                                                                        \
    if (const cl_int code_ = driver().call(__VA_ARGS__); code_ != CL_SUCCESS) \
      return failure_of(#call, code_);                                        \
  } while (false)

class OpenClQueue final : public Queue {
 public:
  OpenClQueue(cl_context context, cl_command_queue queue, Programs& programs)
      : context_(context), queue_(queue), kernels_(programs) {}

  ~OpenClQueue() override {
    driver().clFinish(queue_);
    driver().clReleaseCommandQueue(queue_);
  }

  Failure allocate(size_t size_bytes, uint64_t& handle) override {
    cl_int code = CL_SUCCESS;
    handle = reinterpret_cast<uint64_t>(
        driver().clCreateBuffer(context_, CL_MEM_READ_WRITE, size_bytes, nullptr, &code));
    return code == CL_SUCCESS ? success() : failure_of("clCreateBuffer", code);
  }

  Failure slice(uint64_t whole, size_t offset_bytes, size_t size_bytes, uint64_t& handle) override {
    const cl_buffer_region region = {offset_bytes, size_bytes};
    cl_int code = CL_SUCCESS;
    handle = reinterpret_cast<uint64_t>(driver().clCreateSubBuffer(
        memory(whole), CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code));
    return code == CL_SUCCESS ? success() : failure_of("clCreateSubBuffer", code);
  }

  void release(uint64_t handle, bool) override { driver().clReleaseMemObject(memory(handle)); }

  Failure upload(uint64_t handle, const void* host, size_t size_bytes) override {
    TENFOLD_CL(clEnqueueWriteBuffer, queue_, memory(handle), CL_FALSE, 0, size_bytes, host, 0,
               nullptr, nullptr);
    return success();
  }

  Failure download(uint64_t handle, void* host, size_t size_bytes) override {
    TENFOLD_CL(clEnqueueReadBuffer, queue_, memory(handle), CL_TRUE, 0, size_bytes, host, 0,
               nullptr, nullptr);
    return success();
  }

  Failure zero(uint64_t handle, const tenfold_fill& fill) override {
    constexpr char zeros[16] = {};
    for (int64_t row = 0; row < fill.rows; ++row) {
      const auto offset = static_cast<size_t>(fill.offset_bytes + row * fill.stride_bytes);
      const auto size = static_cast<size_t>(fill.row_bytes);
      size_t pattern = sizeof zeros;
      while (offset % pattern != 0 || size % pattern != 0) pattern /= 2;
      TENFOLD_CL(clEnqueueFillBuffer, queue_, memory(handle), zeros, pattern, offset, size, 0,
                 nullptr, nullptr);
    }
    return success();
  }

  Failure synchronize() override {
    TENFOLD_CL(clFinish, queue_);
    return success();
  }

  Failure load_module(void** state, const char* source, size_t size_bytes) override {
    __atomic_store_n(state, static_cast<void*>(state), __ATOMIC_RELAXED);
    return kernels_.load(state, source, size_bytes);
  }

  Failure launch(const tenfold_launch& launch) override {
    cl_kernel kernel = nullptr;
    TENFOLD_RETURN_FAILURE(kernels_.find(launch.module, launch.entry, kernel));
    cl_uint index = 0;
    for (; launch.arg_sizes[index] != 0; ++index) {
      if (launch.arg_is_buffer[index]) {
        const cl_mem argument =
            memory(static_cast<const halide_buffer_t*>(launch.args[index])->device);
        TENFOLD_CL(clSetKernelArg, kernel, index, sizeof argument, &argument);
      } else {
        TENFOLD_CL(clSetKernelArg, kernel, index, launch.arg_sizes[index], launch.args[index]);
      }
    }
    // The last parameter is the group's shared memory, which may not be empty.
    TENFOLD_CL(clSetKernelArg, kernel, index, static_cast<size_t>(std::max(1, launch.shared_bytes)),
               nullptr);
    size_t global[3], local[3];
    for (int d = 0; d < 3; ++d) {
      local[d] = static_cast<size_t>(launch.threads[d]);
      global[d] = local[d] * static_cast<size_t>(launch.blocks[d]);
    }
    TENFOLD_CL(clEnqueueNDRangeKernel, queue_, kernel, 3, nullptr, global, local, 0, nullptr,
               nullptr);
    return success();
  }

 private:
  const cl_context context_;
  const cl_command_queue queue_;
  Kernels kernels_;
};

class OpenClDevice final : public Device {
 public:
  /// Takes a reference of the context over.
  OpenClDevice(cl_context context, cl_device_id device)
      : context_(context),
        device_(device),
        programs_(std::make_unique<Programs>(context, device)) {}

  ~OpenClDevice() override {
    programs_.reset();
    driver().clReleaseContext(context_);
  }

  Failure make_queue(void* stream, std::unique_ptr<Queue>& queue) override {
    auto* native = static_cast<cl_command_queue>(stream);
    if (native) {
      TENFOLD_CL(clRetainCommandQueue, native);
    } else {
      cl_int code = CL_SUCCESS;
      native = driver().clCreateCommandQueue(context_, device_, 0, &code);
      if (code != CL_SUCCESS) return failure_of("clCreateCommandQueue", code);
    }
    queue = std::make_unique<OpenClQueue>(context_, native, *programs_);
    return success();
  }

 private:
  const cl_context context_;
  const cl_device_id device_;
  std::unique_ptr<Programs> programs_;
};

/// Every device of every platform, GPUs first.
std::vector<cl_device_id> list_devices() {
  std::vector<cl_device_id> devices;
  cl_platform_id platforms[16];
  cl_uint platform_count = 0;
  if (driver().clGetPlatformIDs(16, platforms, &platform_count) != CL_SUCCESS) return devices;
  for (const cl_device_type type :
       {CL_DEVICE_TYPE_GPU, CL_DEVICE_TYPE_ACCELERATOR, CL_DEVICE_TYPE_CPU}) {
    for (cl_uint p = 0; p < std::min<cl_uint>(platform_count, 16); ++p) {
      cl_device_id found[16];
      cl_uint count = 0;
      if (driver().clGetDeviceIDs(platforms[p], type, 16, found, &count) == CL_SUCCESS)
        devices.insert(devices.end(), found, found + std::min<cl_uint>(count, 16));
    }
  }
  return devices;
}

Failure find_device(uint32_t index, cl_device_id& device) {
  if (!driver().missing.empty()) return fail(TENFOLD_UNAVAILABLE, "OpenCL: " + driver().missing);
  const std::vector<cl_device_id> devices = list_devices();
  if (devices.empty()) return fail(TENFOLD_UNAVAILABLE, "OpenCL: no device on this machine");
  if (index >= devices.size())
    return fail(TENFOLD_UNAVAILABLE, "OpenCL: there is no device " + std::to_string(index) +
                                         ", there are " + std::to_string(devices.size()));
  device = devices[index];
  return success();
}

}  // namespace

Failure probe(const tenfold_variant&) {
  cl_device_id device = nullptr;
  return find_device(0, device);
}

Failure key(uint32_t index, void* stream, DeviceKey& key) {
  key = {index, nullptr};
  if (!stream) return success();
  key.index = 0;
  TENFOLD_CL(clGetCommandQueueInfo, static_cast<cl_command_queue>(stream), CL_QUEUE_CONTEXT,
             sizeof key.native_context, &key.native_context, nullptr);
  return success();
}

Failure open(const tenfold_variant&, const DeviceKey& key, std::shared_ptr<Device>& device) {
  cl_device_id id = nullptr;
  auto* context = static_cast<cl_context>(key.native_context);
  if (context) {
    cl_device_id ids[16];
    size_t size = 0;
    TENFOLD_CL(clGetContextInfo, context, CL_CONTEXT_DEVICES, sizeof ids, ids, &size);
    if (size != sizeof id)
      return fail(TENFOLD_INVALID_ARGUMENT,
                  "OpenCL: the queue's context must have one device, and has " +
                      std::to_string(size / sizeof id));
    id = ids[0];
    TENFOLD_CL(clRetainContext, context);
  } else {
    TENFOLD_RETURN_FAILURE(find_device(key.index, id));
    cl_int code = CL_SUCCESS;
    context = driver().clCreateContext(nullptr, 1, &id, nullptr, nullptr, &code);
    if (code != CL_SUCCESS) return failure_of("clCreateContext", code);
  }
  device = std::make_shared<OpenClDevice>(context, id);
  return success();
}

}  // namespace tenfold::runtime::opencl
