#include "schedules/finish_halide.h"

namespace tenfold::schedules {
namespace {

// An output that is a slice of its buffer is computed over its own box alone
// (dsl::constrain_output). Halide would check at run time that the box covers the buffer, which is
// exactly what must not be; every other check stays.
class DropBoxChecks : public Halide::Internal::IRMutator {
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::AssertStmt* op) override {
    const auto* call = op->message.as<Halide::Internal::Call>();
    if (call && call->name == "halide_error_explicit_bounds_too_small")
      return Halide::Internal::Evaluate::make(0);
    return op;
  }
};

}  // namespace

void split_vectors(Halide::Stage out, const Halide::Var& dim, const Halide::Var& block,
                   const Halide::Var& vector, const Halide::Var& lane, int64_t extent, int lanes,
                   int vectors, Halide::TailStrategy tail) {
  const int64_t count = (extent + lanes - 1) / lanes;
  Halide::Var all("all");
  out.split(dim, all, lane, lanes, extent % lanes == 0 ? Halide::TailStrategy::RoundUp : tail)
      .split(
          all, block, vector, vectors,
          count % vectors == 0 ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::GuardWithIf)
      .vectorize(lane)
      .unroll(vector);
}

Scheduled finish(const dsl::Algorithm& algorithm, const dsl::Binding& binding) {
  Scheduled scheduled{.pipeline = Halide::Pipeline(algorithm.outputs), .arguments = {}};
  for (const Halide::ImageParam& input : binding.inputs) scheduled.arguments.push_back(input);
  for (const Halide::ImageParam& param : binding.params) scheduled.arguments.push_back(param);
  scheduled.pipeline.add_custom_lowering_pass(new DropBoxChecks);
  return scheduled;
}

}  // namespace tenfold::schedules
