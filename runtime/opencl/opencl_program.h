// Programs of one OpenCL context, built once each, and kernels of one queue: arguments are set on a
// kernel object, so that two queues can't share it.
#pragma once
#include <map>
#include <mutex>
#include <utility>

#include "runtime/opencl/driver.h"

namespace tenfold::runtime::opencl {

class Programs {
 public:
  Programs(cl_context context, cl_device_id device) : context_(context), device_(device) {}
  ~Programs();
  /// The program of a module's slot, built at the first call. Any thread may call.
  Failure find(void** slot, const char* source, size_t size_bytes, cl_program& program);

 private:
  Failure build(const char* source, size_t size_bytes, cl_program& program) const;
  const cl_context context_;
  const cl_device_id device_;
  std::mutex mutex_;
  std::map<void**, cl_program> programs_;
};

class Kernels {
 public:
  explicit Kernels(Programs& programs) : programs_(programs) {}
  ~Kernels();
  Failure load(void** slot, const char* source, size_t size_bytes);
  /// Precondition: the slot has been loaded. `entry` is one constant string a kernel.
  Failure find(void* slot, const char* entry, cl_kernel& kernel);

 private:
  Programs& programs_;
  std::map<void*, cl_program> loaded_;
  std::map<std::pair<void*, const char*>, cl_kernel> kernels_;
};

}  // namespace tenfold::runtime::opencl
