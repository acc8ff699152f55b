#include <algorithm>

#include "schedules/ahead_halide.h"

namespace tenfold::schedules {
namespace {

using namespace Halide::Internal;  // NOLINT: the names of its IR
using Halide::Expr;

constexpr int line_floats = 16;
// A block that is used in one pass is asked for shortly before: it need not stay anywhere.
constexpr int short_distance_floats = 1024;

bool ends_with(const std::string& name, const std::string& end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

/// Halide's own directive is of no use here: it asks for one line in four (its lines are of 64
/// elements), in a loop of its own.
class PrefetchNextBlock : public IRMutator {
 public:
  explicit PrefetchNextBlock(WeightStream stream)
      : stream_(std::move(stream)), turns_(stream_.passes.size(), 0) {}

 private:
  using IRMutator::visit;

  Stmt visit(const For* loop) override {
    const Expr turn = Variable::make(Halide::Int(32), loop->name) - loop->min;
    for (size_t i = 0; i < stream_.passes.size(); ++i)
      if (ends_with(loop->name, stream_.passes[i].name)) return inside(loop, turns_[i], turn);
    if (ends_with(loop->name, stream_.step.name)) return inside(loop, step_, turn);
    return IRMutator::visit(loop);
  }

  Stmt inside(const For* loop, Expr& counter, const Expr& turn) {
    const Expr before = counter;
    counter = turn;
    Stmt changed = IRMutator::visit(loop);
    counter = before;
    return changed;
  }

  // The first load of a step.
  Expr visit(const Load* load) override {
    const auto* lanes = load->index.as<Ramp>();
    if (!step_.defined() || load->name != stream_.param || !lanes) return load;
    int passes = 1;
    Expr pass = 0;
    for (size_t i = 0; i < turns_.size(); ++i) {
      passes *= stream_.passes[i].extent;
      pass = pass * stream_.passes[i].extent + turns_[i];
    }
    const int elements = stream_.step_elements, steps = stream_.step.extent,
              share = (elements + passes - 1) / passes;
    const Expr ahead = passes == 1
                           ? Expr(short_distance_floats)
                           : steps * elements + pass * (steps * share) - step_ * (elements - share);
    step_ = Expr();
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
  std::vector<Expr> turns_;  // of the loops of passes; 0 outside
  Expr step_;                // defined inside, up to the first load
};

}  // namespace

void prefetch_next_block(Scheduled& scheduled, const WeightStream& stream) {
  scheduled.pipeline.add_custom_lowering_pass(new PrefetchNextBlock(stream));
}

}  // namespace tenfold::schedules
