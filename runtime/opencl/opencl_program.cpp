#include "runtime/opencl/opencl_program.h"

#include <algorithm>
#include <string>

namespace tenfold::runtime::opencl {
namespace {

constexpr size_t longest_log = 400;

template <class Value>
Value device_value(cl_device_id device, cl_device_info name) {
  Value value = {};
  driver().clGetDeviceInfo(device, name, sizeof value, &value, nullptr);
  return value;
}

std::string build_log(cl_program program, cl_device_id device) {
  std::string log(16384, '\0');
  size_t size = 0;
  if (driver().clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, log.size(), log.data(),
                                     &size) != CL_SUCCESS)
    return "no build log";
  log.resize(std::min({size, log.find('\0'), longest_log}));
  std::replace(log.begin(), log.end(), '\n', ' ');
  return log;
}

}  // namespace

Programs::~Programs() {
  for (const auto& [slot, program] : programs_) driver().clReleaseProgram(program);
}

Failure Programs::find(void** slot, const char* source, size_t size_bytes, cl_program& program) {
  const std::lock_guard lock(mutex_);
  if (const auto found = programs_.find(slot); found != programs_.end()) {
    program = found->second;
    return success();
  }
  TENFOLD_RETURN_FAILURE(build(source, size_bytes, program));
  programs_.emplace(slot, program);
  return success();
}

Failure Programs::build(const char* source, size_t size_bytes, cl_program& program) const {
  // Halide counts the zero byte that ends its source.
  const size_t length = std::find(source, source + size_bytes, '\0') - source;
  cl_int code = CL_SUCCESS;
  program = driver().clCreateProgramWithSource(context_, 1, &source, &length, &code);
  if (code != CL_SUCCESS) return failure_of("clCreateProgramWithSource", code);
  // Halide's source asks for these two to choose between constant and global memory.
  const std::string options =
      "-D MAX_CONSTANT_BUFFER_SIZE=" +
      std::to_string(device_value<cl_ulong>(device_, CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE)) +
      " -D MAX_CONSTANT_ARGS=" +
      std::to_string(device_value<cl_uint>(device_, CL_DEVICE_MAX_CONSTANT_ARGS));
  code = driver().clBuildProgram(program, 1, &device_, options.c_str(), nullptr, nullptr);
  if (code == CL_SUCCESS) return success();
  Failure failure = failure_of("clBuildProgram", code);
  failure.text += ": " + build_log(program, device_);
  driver().clReleaseProgram(program);
  return failure;
}

Kernels::~Kernels() {
  for (const auto& [key, kernel] : kernels_) driver().clReleaseKernel(kernel);
}

Failure Kernels::load(void** slot, const char* source, size_t size_bytes) {
  if (loaded_.contains(slot)) return success();
  cl_program program = nullptr;
  TENFOLD_RETURN_FAILURE(programs_.find(slot, source, size_bytes, program));
  loaded_.emplace(slot, program);
  return success();
}

Failure Kernels::find(void* slot, const char* entry, cl_kernel& kernel) {
  const auto known = kernels_.find({slot, entry});
  if (known != kernels_.end()) {
    kernel = known->second;
    return success();
  }
  const auto program = loaded_.find(slot);
  if (program == loaded_.end())
    return fail(TENFOLD_FAILED, std::string("the module of kernel ") + entry + " is not loaded");
  cl_int code = CL_SUCCESS;
  kernel = driver().clCreateKernel(program->second, entry, &code);
  if (code != CL_SUCCESS) return failure_of("clCreateKernel", code);
  kernels_.emplace(std::pair<void*, const char*>{slot, entry}, kernel);
  return success();
}

}  // namespace tenfold::runtime::opencl
