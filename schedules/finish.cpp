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

// Accesses of one loop body, lane by lane, from which on LLVM has no use for comparing them.
constexpr int many_accesses = 64;

// Counts what a body itself loads and stores lane by lane: vectors whose lanes lie apart.
class CountScattered : public Halide::Internal::IRVisitor {
 public:
  int count = 0;

 private:
  using IRVisitor::visit;
  void add(const Halide::Expr& index) {
    const auto* ramp = index.as<Halide::Internal::Ramp>();
    if (ramp && !Halide::Internal::is_const_one(ramp->stride)) count += index.type().lanes();
  }
  void visit(const Halide::Internal::Load* op) override {
    add(op->index);
    IRVisitor::visit(op);
  }
  void visit(const Halide::Internal::Store* op) override {
    add(op->index);
    IRVisitor::visit(op);
  }
  void visit(const Halide::Internal::For*) override {}
};

// LLVM compares the accesses of an innermost loop pair by pair, in search of loads that an earlier
// turn has stored, and with some hundred of them does so for minutes: F(4, 3) into NCHW 12 s,
// F(4, 5) with a chain more than 120. A prefetch, which is neither load nor store to it, ends the
// search before it begins: 0.6 s. It asks for the input's first line, once a turn.
class EndPairwiseSearch : public Halide::Internal::IRMutator {
 public:
  explicit EndPairwiseSearch(std::string buffer) : buffer_(std::move(buffer)) {}

 private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For* loop) override {
    using namespace Halide::Internal;  // NOLINT: the names of its IR
    if (is_gpu(loop->for_type)) return loop;
    Stmt body = mutate(loop->body);
    CountScattered scattered;
    body.accept(&scattered);
    if (scattered.count > many_accesses)
      body = Block::make(
          Evaluate::make(Call::make(Halide::Int(32), Call::prefetch,
                                    {Variable::make(Halide::Handle(), buffer_), 0, 1, 1},
                                    Call::Intrinsic)),
          body);
    return For::make(loop->name, loop->min, loop->extent, loop->for_type, loop->partition_policy,
                     loop->device_api, body);
  }
  std::string buffer_;
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
  if (!binding.inputs.empty())
    scheduled.pipeline.add_custom_lowering_pass(
        new EndPairwiseSearch(binding.inputs.front().name()));
  return scheduled;
}

}  // namespace tenfold::schedules
