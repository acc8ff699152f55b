#include "runtime/opencl/driver.h"

#include "runtime/driver_library.h"

namespace tenfold::runtime::opencl {
namespace {

Driver load() {
  Driver driver;
  DriverLibrary library("libOpenCL.so.1");
#define TENFOLD_LOAD(name) library.load(driver.name, #name);
  TENFOLD_OPENCL_FUNCTIONS(TENFOLD_LOAD)
#undef TENFOLD_LOAD
  driver.missing = library.missing();
  return driver;
}

std::string name_of(cl_int code) {
  switch (code) {
#define TENFOLD_CODE(name) \
  case name:               \
    return #name
    TENFOLD_CODE(CL_DEVICE_NOT_FOUND);
    TENFOLD_CODE(CL_DEVICE_NOT_AVAILABLE);
    TENFOLD_CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE);
    TENFOLD_CODE(CL_OUT_OF_RESOURCES);
    TENFOLD_CODE(CL_OUT_OF_HOST_MEMORY);
    TENFOLD_CODE(CL_BUILD_PROGRAM_FAILURE);
    TENFOLD_CODE(CL_MISALIGNED_SUB_BUFFER_OFFSET);
    TENFOLD_CODE(CL_INVALID_VALUE);
    TENFOLD_CODE(CL_INVALID_CONTEXT);
    TENFOLD_CODE(CL_INVALID_COMMAND_QUEUE);
    TENFOLD_CODE(CL_INVALID_MEM_OBJECT);
    TENFOLD_CODE(CL_INVALID_KERNEL_NAME);
    TENFOLD_CODE(CL_INVALID_KERNEL_ARGS);
    TENFOLD_CODE(CL_INVALID_ARG_INDEX);
    TENFOLD_CODE(CL_INVALID_ARG_SIZE);
    TENFOLD_CODE(CL_INVALID_WORK_GROUP_SIZE);
    TENFOLD_CODE(CL_INVALID_WORK_ITEM_SIZE);
    TENFOLD_CODE(CL_INVALID_BUFFER_SIZE);
#undef TENFOLD_CODE
    default:
      return "error " + std::to_string(code);
  }
}

}  // namespace

const Driver& driver() {
  static const Driver loaded = load();
  return loaded;
}

Failure failure_of(const char* call, cl_int code) {
  const bool memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY ||
                      code == CL_INVALID_BUFFER_SIZE;
  return fail(memory ? TENFOLD_OUT_OF_MEMORY : TENFOLD_FAILED,
              std::string(call) + ": " + name_of(code));
}

}  // namespace tenfold::runtime::opencl
