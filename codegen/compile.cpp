#include <exception>

#include "codegen/aligned_stack_halide.h"
#include "codegen/compile_halide.h"
#include "codegen/cuda_module.h"
#include "codegen/elf.h"
#include "codegen/scratch_halide.h"
#include "codegen/target_halide.h"

namespace tenfold::codegen {
namespace {

using namespace Halide::Internal;

constexpr int code_alignment =
    64;  // a line of the instruction cache: what is measured is what ships

// Device code as the runtime will get it, put where Halide embedded its own.
class ReplaceDeviceCode : public IRMutator {
 public:
  explicit ReplaceDeviceCode(const Halide::Buffer<uint8_t>& code) : code_(code) {}

 private:
  using IRMutator::visit;

  // halide_cuda_initialize_kernels(state, source, size)
  Halide::Expr visit(const Call* op) override {
    if (op->name != "halide_cuda_initialize_kernels") return IRMutator::visit(op);
    const Halide::Expr buffer =
        Variable::make(Halide::type_of<halide_buffer_t*>(), code_.name() + ".buffer", code_);
    const Halide::Expr host =
        Call::make(Halide::Handle(), Call::buffer_get_host, {buffer}, Call::Extern);
    return Call::make(op->type, op->name, {op->args[0], host, code_.width()}, op->call_type);
  }

  const Halide::Buffer<uint8_t>& code_;
};

void replace_device_code(Halide::Module& module, const std::string& code) {
  Halide::Buffer<uint8_t> buffer(static_cast<int>(code.size()), "device_module");
  std::memcpy(buffer.data(), code.data(), code.size());
  module.append(buffer);
  ReplaceDeviceCode replace(buffer);
  for (LoweredFunc& function : module.functions()) function.body = replace.mutate(function.body);
}

// Libraries print nothing: warnings are dropped, and errors thrown as without a reporter.
class QuietReporter : public Halide::CompileTimeErrorReporter {
  void warning(const char*) override {}
  void error(const char* message) override { throw Halide::CompileError(message); }
};

std::string device_code_of(const Halide::Module& module) {
  const Halide::Buffer<> code = module.get_device_code_buffer();
  if (!code.defined()) return {};
  return {static_cast<const char*>(code.data()), code.size_in_bytes()};
}

std::string object_of(const Halide::Module& module) {
  const Halide::Buffer<uint8_t> object = module.compile_to_buffer();
  return {reinterpret_cast<const char*>(object.data()), object.size_in_bytes()};
}

std::string one_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace

Result<Kernel> compile_pipeline(const schedules::Scheduled& scheduled, const std::string& symbol,
                                const Target& target, bool asserts, const std::string& ptxas) {
  TENFOLD_TRY(const Halide::Target flags, halide_target(target, asserts));
  Halide::Pipeline pipeline = scheduled.pipeline;
  Halide::Module module = pipeline.compile_to_module(scheduled.arguments, symbol, flags,
                                                     Halide::LinkageType::ExternalPlusArgv);
  Kernel kernel{.symbol = symbol};
  TENFOLD_TRY(kernel.scratch_bytes, scratch_bytes(module));
  kernel.device_code = device_code_of(module);
  if (target.device == DeviceKind::cuda && !kernel.device_code.empty()) {
    TENFOLD_TRY(kernel.cubin, assemble_ptx(kernel.device_code, target.cuda_capability, ptxas));
    replace_device_code(module,
                        cuda_module(kernel.cubin, target.cuda_capability, kernel.device_code));
  }
  kernel.object = object_of(module);
  TENFOLD_TRY(const bool aligned, align_spills(module, kernel.object));
  if (aligned) kernel.object = object_of(module);
  TENFOLD_CHECK(align_code(kernel.object, code_alignment));
  return kernel;
}

Result<Kernel> catch_halide(const std::function<Result<Kernel>()>& make) {
  static QuietReporter reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  try {
    return make();
  } catch (const Halide::Error& error) {
    return Error{ErrorCode::failed, one_line(error.what())};
  } catch (const std::exception& error) {
    return Error{ErrorCode::failed, one_line(error.what())};
  }
}

}  // namespace tenfold::codegen
