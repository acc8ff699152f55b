#include "schedules/ahead_halide.h"

namespace tenfold::schedules {
namespace {

using namespace Halide::Internal;  // NOLINT: the names of its IR
using Halide::Expr;

constexpr int line_floats = 16;
// A block that is used in one pass is asked for shortly before: it need not stay anywhere.
constexpr int short_distance_floats = 1024;

/// Halide's own directive is of no use here: it asks for one line in four (its lines are of 64
/// elements), in a loop of its own.
class PrefetchNextBlock : public IRMutator {
 public:
  explicit PrefetchNextBlock(WeightStream stream)
      : stream_(std::move(stream)),
        turns_(stream_.passes.size(), 0),
        step_(stream_.steps.size(), 0) {}

 private:
  using IRMutator::visit;

  Stmt visit(const For* loop) override {
    const Expr turn = Variable::make(Halide::Int(32), loop->name);
    for (size_t i = 0; i < stream_.passes.size(); ++i)
      if (loop->name.ends_with(stream_.passes[i].name)) return inside(loop, turns_[i], turn);
    for (size_t i = 0; i < stream_.steps.size(); ++i)
      if (loop->name.ends_with(stream_.steps[i].name)) {
        const bool innermost = i + 1 == stream_.steps.size(), before = wanted_;
        wanted_ = innermost;
        Stmt changed = inside(loop, step_[i], turn);
        wanted_ = before;
        return changed;
      }
    return IRMutator::visit(loop);
  }

  Stmt inside(const For* loop, Expr& counter, const Expr& turn) {
    const Expr before = counter;
    counter = turn;
    Stmt changed = IRMutator::visit(loop);
    counter = before;
    return changed;
  }

  /// The turns' number, counted over all of the loops.
  static std::pair<Expr, int> number(const std::vector<NamedLoop>& loops,
                                     const std::vector<Expr>& turns) {
    int count = 1;
    Expr index = 0;
    for (size_t i = 0; i < loops.size(); ++i) {
      count *= loops[i].extent;
      index = index * loops[i].extent + turns[i];
    }
    return {index, count};
  }

  // The first load of a step.
  Expr visit(const Load* load) override {
    const auto* lanes = load->index.as<Ramp>();
    if (!wanted_ || load->name != stream_.param || !lanes) return load;
    wanted_ = false;
    const auto [pass, passes] = number(stream_.passes, turns_);
    const auto [step, steps] = number(stream_.steps, step_);
    const int elements = stream_.step_elements, share = (elements + passes - 1) / passes;
    const Expr ahead = passes == 1
                           ? Expr(short_distance_floats)
                           : steps * elements + pass * (steps * share) - step * (elements - share);
    Expr value = load;
    for (int line = 0; line < share; line += line_floats) {
      const Expr prefetch = Call::make(
          load->type.element_of(), Call::prefetch,
          {Variable::make(Halide::Handle(), load->name), lanes->base + ahead + line, 1, 1},
          Call::Intrinsic);
      value = Call::make(load->type, Call::return_second, {prefetch, value}, Call::Intrinsic);
    }
    return value;
  }

  WeightStream stream_;
  std::vector<Expr> turns_, step_;  // of the loops of passes and steps; 0 outside
  bool wanted_ = false;             // in a step, before its first load
};

}  // namespace

void prefetch_next_block(Scheduled& scheduled, const WeightStream& stream) {
  scheduled.pipeline.add_custom_lowering_pass(new PrefetchNextBlock(stream));
}

}  // namespace tenfold::schedules
