// Kernel: one compiled (task, config, target). Compiling is deterministic: the same three give the
// same bytes.
#pragma once
#include <string>

#include "base/target.h"
#include "base/task.h"

namespace tenfold::codegen {

struct KernelRequest {
  Task task;
  Config config;
  Target target;
  bool asserts = false;  // Halide's checks and error propagation kept in: for the last validation,
                         // never shipped
  std::string ptxas;  // path of the PTX assembler for CUDA targets; empty: found in PATH. No part
                      // of the symbol
};

struct Kernel {
  std::string
      symbol;  // "tk_" and the content hash of the request; symbol + "_argv" is what steps call
  std::string object;         // bytes of a relocatable object, runtime calls unresolved
  int64_t scratch_bytes = 0;  // heap that one thread holds at once, by the lowered allocations
  std::string device_code;    // PTX or OpenCL C, where the target has any
  std::string cubin;  // CUDA: device_code assembled for the target's architecture, without a spill
};

/// What compiles kernels: tenfold's version, the code generator's and Halide's. Part of a record's
/// key.
std::string compiler_version();

/// The symbol that a request's kernel will have: it changes with the compiler's version too.
std::string kernel_symbol(const KernelRequest& request);

/// Compiles in this process. Links Halide; use BuilderPool where a hang or a crash must be
/// survived. Errors: invalid_argument for an illegal config, failed with the compiler's own words.
Result<Kernel> compile_kernel(const KernelRequest& request);

}  // namespace tenfold::codegen
