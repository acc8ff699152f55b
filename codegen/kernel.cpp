#include "codegen/kernel.h"

#include "base/hash.h"
#include "codegen/compile_halide.h"
#include "schedules/space.h"

namespace tenfold::codegen {
namespace {

// Raised when the bytes of a kernel change for the same task, config and target.
constexpr const char* codegen_version = "7";

std::string halide_version() {
  return std::to_string(HALIDE_VERSION_MAJOR) + '.' + std::to_string(HALIDE_VERSION_MINOR) + '.' +
         std::to_string(HALIDE_VERSION_PATCH);
}

}  // namespace

std::string compiler_version() {
  return std::string("tenfold ") + TENFOLD_VERSION + " codegen " + codegen_version + " halide " +
         halide_version();
}

std::string kernel_symbol(const KernelRequest& request) {
  const auto space = schedules::find_space(request.config.algorithm);
  const std::string identity = to_text(request.task) + '\n' + to_text(request.config) + '\n' +
                               std::to_string(space ? (*space)->version : 0) + '\n' +
                               request.target.name + '\n' + (request.asserts ? "asserts\n" : "\n") +
                               compiler_version();
  return "tk_" + content_hash(identity);
}

Result<Kernel> compile_kernel(const KernelRequest& request) {
  TENFOLD_CHECK(schedules::check(request.task, request.target, request.config));
  TENFOLD_TRY(const schedules::Space* space, schedules::find_space(request.config.algorithm));
  auto kernel = catch_halide([&] {
    return compile_pipeline(space->apply(request.task, request.target, request.config),
                            kernel_symbol(request), request.target, request.asserts, request.ptxas);
  });
  if (kernel) return kernel;
  return Error{kernel.error().code, request.task.op + " with '" + to_text(request.config) +
                                        "': " + kernel.error().message};
}

}  // namespace tenfold::codegen
