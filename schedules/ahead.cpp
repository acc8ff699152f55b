#include <map>

#include "schedules/ahead_halide.h"

namespace tenfold::schedules {
namespace {

using namespace Halide::Internal;  // NOLINT: the names of its IR
using Halide::Expr;

// A block that is used in one pass is asked for shortly before: it need not stay anywhere.
constexpr int short_distance_floats = 1024;

// `value`, after asking for the lines of `count` floats from `first` on.
Expr ask(Expr value, const std::string& buffer, const Expr& first, int count) {
  for (int line = 0; line < count; line += line_floats) {
    const Expr prefetch =
        Call::make(Halide::Float(32), Call::prefetch,
                   {Variable::make(Halide::Handle(), buffer), first + line, 1, 1}, Call::Intrinsic);
    value = Call::make(value.type(), Call::return_second, {prefetch, value}, Call::Intrinsic);
  }
  return value;
}

/// Halide's own directive is of no use here: it asks for one line in four (its lines are of 64
/// elements), in a loop of its own.
class AskAhead : public IRMutator {
 public:
  AskAhead(WeightStream stream, ResultStream results)
      : stream_(std::move(stream)), results_(std::move(results)) {
    for (const auto* loops : {&stream_.passes, &stream_.steps, &results_.steps})
      for (const NamedLoop& loop : *loops) turns_.emplace(loop.name, 0);
    for (const Stride& stride : results_.blocks) turns_.emplace(stride.loop, 0);
  }

 private:
  using IRMutator::visit;

  Stmt visit(const For* loop) override {
    for (auto& [name, turn] : turns_) {
      if (!loop->name.ends_with(name)) continue;
      const Expr around = turn;
      const bool before = wanted_;
      turn = Variable::make(Halide::Int(32), loop->name);
      wanted_ = name == stream_.steps.back().name;
      Stmt changed = IRMutator::visit(loop);
      turn = around;
      wanted_ = before;
      return changed;
    }
    return IRMutator::visit(loop);
  }

  /// The turns' number, counted over all of the loops, and how many there are.
  std::pair<Expr, int64_t> number(const std::vector<NamedLoop>& loops) const {
    int64_t count = 1;
    Expr index = 0;
    for (const NamedLoop& loop : loops) {
      count *= loop.extent;
      index = index * loop.extent + turns_.at(loop.name);
    }
    return {index, count};
  }

  // The first load of a step.
  Expr visit(const Load* load) override {
    const auto* lanes = load->index.as<Ramp>();
    if (!wanted_ || load->name != stream_.param || !lanes) return load;
    wanted_ = false;
    const auto [pass, passes] = number(stream_.passes);
    const auto [step, step_count] = number(stream_.steps);
    const auto steps = static_cast<int>(step_count);
    const int elements = stream_.step_elements, share = share_of(elements, passes);
    const Expr ahead = passes == 1
                           ? Expr(short_distance_floats)
                           : steps * elements + pass * (steps * share) - step * (elements - share);
    const Expr value = ask(load, load->name, lanes->base + ahead, share);
    return results_.block_elements > 0 ? ask_for_results(value) : value;
  }

  Expr ask_for_results(const Expr& value) const {
    const auto [step, steps] = number(results_.steps);
    const int share = share_of(results_.block_elements, steps);
    Expr at = results_.offset + min(step * share, results_.block_elements - 1);
    for (const Stride& stride : results_.blocks) at += turns_.at(stride.loop) * stride.floats;
    return ask(value, results_.buffer, at, share);
  }

  static int share_of(int elements, int64_t turns) {
    return static_cast<int>((elements + turns - 1) / turns);
  }

  WeightStream stream_;
  ResultStream results_;
  std::map<std::string, Expr> turns_;  // of the loops named by the streams; 0 outside
  bool wanted_ = false;                // in a step, before its first load
};

class AskForPixels : public IRMutator {
 public:
  explicit AskForPixels(PixelsAhead ahead) : ahead_(std::move(ahead)) {}

 private:
  using IRMutator::visit;

  Stmt visit(const For* loop) override {
    const Expr before = turn_;
    if (loop->name.ends_with(ahead_.loop)) turn_ = Variable::make(Halide::Int(32), loop->name);
    Stmt changed = IRMutator::visit(loop);
    turn_ = before;
    return changed;
  }

  // The first load of a turn.
  Expr visit(const Load* load) override {
    const auto* vector = load->index.as<Ramp>();
    if (!turn_.defined() || load->name != ahead_.input || !vector || !is_const_one(vector->stride))
      return load;
    const int turns = line_floats / ahead_.lanes;
    const Expr own = turn_ % turns * (ahead_.pixel_stride - ahead_.lanes);
    Expr value = load;
    for (int y = 0; y < ahead_.rows; ++y)
      for (int x = 0; x < ahead_.pixels; x += turns)
        value = ask(
            value, load->name,
            vector->base + own + ahead_.first + y * ahead_.row_stride + x * ahead_.pixel_stride, 1);
    turn_ = Expr();
    return value;
  }

  PixelsAhead ahead_;
  Expr turn_;  // in a turn, before its first load
};

}  // namespace

void prefetch_pixels(Scheduled& scheduled, const PixelsAhead& ahead) {
  scheduled.pipeline.add_custom_lowering_pass(new AskForPixels(ahead));
}

void prefetch_next_block(Scheduled& scheduled, const WeightStream& stream) {
  prefetch_next_block(scheduled, stream, {});
}

void prefetch_next_block(Scheduled& scheduled, const WeightStream& stream,
                         const ResultStream& results) {
  scheduled.pipeline.add_custom_lowering_pass(new AskAhead(stream, results));
}

}  // namespace tenfold::schedules
