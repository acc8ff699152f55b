// The part of CUDA's driver interface that the runtime uses, through libcuda.so.1. Declared here,
// as its documentation has it, so that neither the toolkit nor a driver is needed to build.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/failure.h"

namespace tenfold::runtime::cuda {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUstream = struct CUstream_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;

enum : int {
  cuda_success = 0,
  cuda_error_out_of_memory = 2,
  stream_non_blocking = 1,
  attribute_capability_major = 75,
  attribute_capability_minor = 76,
  function_attribute_dynamic_shared_bytes = 8,
  jit_threads_per_block = 1,
  jit_error_log_buffer = 5,
  jit_error_log_buffer_bytes = 6,
};

struct Driver {
  CUresult (*init)(unsigned flags) = nullptr;
  CUresult (*get_error_name)(CUresult error, const char** name) = nullptr;
  CUresult (*device_get_count)(int* count) = nullptr;
  CUresult (*device_get)(CUdevice* device, int ordinal) = nullptr;
  CUresult (*device_get_attribute)(int* value, int attribute, CUdevice device) = nullptr;
  CUresult (*primary_retain)(CUcontext* context, CUdevice device) = nullptr;
  CUresult (*primary_release)(CUdevice device) = nullptr;
  CUresult (*push)(CUcontext context) = nullptr;
  CUresult (*pop)(CUcontext* context) = nullptr;
  CUresult (*get_device)(CUdevice* device) = nullptr;
  CUresult (*allocate)(CUdeviceptr* memory, size_t size_bytes) = nullptr;
  CUresult (*free)(CUdeviceptr memory) = nullptr;
  CUresult (*copy_to_device)(CUdeviceptr to, const void* from, size_t size_bytes,
                             CUstream stream) = nullptr;
  CUresult (*copy_to_host)(void* to, CUdeviceptr from, size_t size_bytes,
                           CUstream stream) = nullptr;
  CUresult (*fill)(CUdeviceptr to, size_t pitch, unsigned char value, size_t width, size_t height,
                   CUstream stream) = nullptr;
  CUresult (*stream_create)(CUstream* stream, unsigned flags) = nullptr;
  CUresult (*stream_destroy)(CUstream stream) = nullptr;
  CUresult (*stream_synchronize)(CUstream stream) = nullptr;
  CUresult (*stream_get_context)(CUstream stream, CUcontext* context) = nullptr;
  CUresult (*module_load)(CUmodule* module, const void* image, unsigned option_count, int* options,
                          void** values) = nullptr;
  CUresult (*module_unload)(CUmodule module) = nullptr;
  CUresult (*module_get_function)(CUfunction* function, CUmodule module,
                                  const char* name) = nullptr;
  CUresult (*function_set_attribute)(CUfunction function, int attribute, int value) = nullptr;
  CUresult (*launch)(CUfunction function, unsigned blocks_x, unsigned blocks_y, unsigned blocks_z,
                     unsigned threads_x, unsigned threads_y, unsigned threads_z,
                     unsigned shared_bytes, CUstream stream, void** arguments,
                     void** extra) = nullptr;
  std::string missing;  // why it can't be used; empty when it can
};

/// Loaded and initialised at the first call.
const Driver& driver();

/// "cuLaunchKernel: CUDA_ERROR_INVALID_VALUE". OUT_OF_MEMORY or FAILED by the code.
Failure failure_of(const char* call, CUresult code);

/// Makes a context the thread's own as long as the object lives.
class Current {
 public:
  explicit Current(CUcontext context) : code_(driver().push(context)) {}
  ~Current() {
    CUcontext popped = nullptr;
    if (code_ == cuda_success) driver().pop(&popped);
  }
  Current(const Current&) = delete;
  Failure failure() const {
    return code_ == cuda_success ? success() : failure_of("cuCtxPushCurrent", code_);
  }

 private:
  const CUresult code_;
};

}  // namespace tenfold::runtime::cuda

/// Calls a function of the driver and returns its failure from the enclosing function.
#define TENFOLD_CUDA(call, ...)                                   \
  do {                                                            \
    if (const ::tenfold::runtime::cuda::CUresult code_ =          \
            ::tenfold::runtime::cuda::driver().call(__VA_ARGS__); \
        code_ != ::tenfold::runtime::cuda::cuda_success)          \
      return ::tenfold::runtime::cuda::failure_of(#call, code_);  \
  } while (false)
