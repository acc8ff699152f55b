// From a scheduled pipeline to a kernel's bytes: the part of compiling that knows nothing of tasks.
#pragma once
#include "codegen/kernel.h"
#include "schedules/scheduled_halide.h"

namespace tenfold::codegen {

/// Compiles a pipeline as `symbol` for a target. ptxas: see cuda_module.h.
/// Errors: failed with the compiler's own words, the operator's name not among them.
Result<Kernel> compile_pipeline(const schedules::Scheduled& scheduled, const std::string& symbol,
                                const Target& target, bool asserts, const std::string& ptxas);

/// Calls `make` and turns what Halide throws into an error: the only place where its exceptions are
/// caught.
Result<Kernel> catch_halide(const std::function<Result<Kernel>()>& make);

}  // namespace tenfold::codegen
