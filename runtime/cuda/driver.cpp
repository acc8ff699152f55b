#include "runtime/cuda/driver.h"

#include "runtime/driver_library.h"

namespace tenfold::runtime::cuda {
namespace {

Driver load() {
  Driver driver;
  DriverLibrary library("libcuda.so.1");
  library.load(driver.init, "cuInit");
  library.load(driver.get_error_name, "cuGetErrorName");
  library.load(driver.device_get_count, "cuDeviceGetCount");
  library.load(driver.device_get, "cuDeviceGet");
  library.load(driver.device_get_attribute, "cuDeviceGetAttribute");
  library.load(driver.primary_retain, "cuDevicePrimaryCtxRetain");
  library.load(driver.primary_release, "cuDevicePrimaryCtxRelease_v2");
  library.load(driver.push, "cuCtxPushCurrent_v2");
  library.load(driver.pop, "cuCtxPopCurrent_v2");
  library.load(driver.get_device, "cuCtxGetDevice");
  library.load(driver.allocate, "cuMemAlloc_v2");
  library.load(driver.free, "cuMemFree_v2");
  library.load(driver.copy_to_device, "cuMemcpyHtoDAsync_v2");
  library.load(driver.copy_to_host, "cuMemcpyDtoHAsync_v2");
  library.load(driver.fill, "cuMemsetD2D8Async");
  library.load(driver.stream_create, "cuStreamCreate");
  library.load(driver.stream_destroy, "cuStreamDestroy_v2");
  library.load(driver.stream_synchronize, "cuStreamSynchronize");
  library.load(driver.stream_get_context, "cuStreamGetCtx");
  library.load(driver.module_load, "cuModuleLoadDataEx");
  library.load(driver.module_unload, "cuModuleUnload");
  library.load(driver.module_get_function, "cuModuleGetFunction");
  library.load(driver.function_set_attribute, "cuFuncSetAttribute");
  library.load(driver.launch, "cuLaunchKernel");
  driver.missing = library.missing();
  if (driver.missing.empty())
    if (const CUresult code = driver.init(0); code != cuda_success)
      driver.missing = "the driver does not start: error " + std::to_string(code);
  return driver;
}

}  // namespace

const Driver& driver() {
  static const Driver loaded = load();
  return loaded;
}

Failure failure_of(const char* call, CUresult code) {
  const char* name = nullptr;
  driver().get_error_name(code, &name);
  return fail(
      code == cuda_error_out_of_memory ? TENFOLD_OUT_OF_MEMORY : TENFOLD_FAILED,
      std::string("CUDA: ") + call + ": " + (name ? name : "error " + std::to_string(code)));
}

}  // namespace tenfold::runtime::cuda
