// The part of OpenCL 1.2 that the runtime uses, through the system's loader libOpenCL.so.1.
#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <string>

#include "runtime/failure.h"

namespace tenfold::runtime::opencl {

#define TENFOLD_OPENCL_FUNCTIONS(each)                                                            \
  each(clGetPlatformIDs) each(clGetDeviceIDs) each(clGetDeviceInfo) each(clCreateContext)         \
      each(clReleaseContext) each(clRetainContext) each(clGetContextInfo)                         \
          each(clCreateCommandQueue) each(clRetainCommandQueue) each(clReleaseCommandQueue)       \
              each(clGetCommandQueueInfo) each(clCreateBuffer) each(clCreateSubBuffer)            \
                  each(clReleaseMemObject) each(clEnqueueWriteBuffer) each(clEnqueueReadBuffer)   \
                      each(clEnqueueFillBuffer) each(clFinish) each(clCreateProgramWithSource)    \
                          each(clBuildProgram) each(clGetProgramBuildInfo) each(clReleaseProgram) \
                              each(clCreateKernel) each(clReleaseKernel) each(clSetKernelArg)     \
                                  each(clEnqueueNDRangeKernel)

struct Driver {
#define TENFOLD_MEMBER(name) decltype(&::name) name = nullptr;
  TENFOLD_OPENCL_FUNCTIONS(TENFOLD_MEMBER)
#undef TENFOLD_MEMBER
  std::string missing;  // why it can't be used; empty when it can
};

/// Loaded at the first call.
const Driver& driver();

/// "clFinish: CL_OUT_OF_RESOURCES". OUT_OF_MEMORY or FAILED by the code.
Failure failure_of(const char* call, cl_int code);

}  // namespace tenfold::runtime::opencl
