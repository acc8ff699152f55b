// A model of memory in which each float knows which root wrote it: plays a plan twice and reports
// the first read of something that is not what the step was meant to read.
#pragma once
#include <string>
#include <vector>

#include "graph/plan.h"

namespace tenfold::graph {

class PlanChecker {
 public:
  explicit PlanChecker(const Plan& plan) : plan_(plan) {
    int64_t end = plan.arena_bytes / 4;
    for (const Root& root : plan.roots) {
      starts_.push_back(root.home == Home::arena ? root.offset_bytes / 4 : end);
      if (root.home != Home::arena) end += root.size_bytes / 4;
    }
    tags_.assign(static_cast<size_t>(end), garbage);
    for (size_t r = 0; r < plan.roots.size(); ++r)
      if (plan.roots[r].home == Home::input || plan.roots[r].home == Home::constant)
        for (int64_t i = 0; i < plan.roots[r].size_bytes / 4; ++i)
          tags_[starts_[r] + i] = static_cast<int>(r);
  }

  /// Empty when all is well.
  std::string run() {
    for (size_t r = 0; r < plan_.roots.size(); ++r)
      if (plan_.roots[r].home == Home::arena &&
          (plan_.roots[r].offset_bytes % 256 ||
           plan_.roots[r].offset_bytes + plan_.roots[r].size_bytes > plan_.arena_bytes))
        return "root " + plan_.roots[r].name + " is misplaced";
    for (const ZeroFill& fill : plan_.fills) zero(fill);
    for (int repeat = 0; repeat < 2 && error_.empty(); ++repeat)
      for (const Step& step : plan_.steps) {
        for (const ZeroFill& fill : step.fills) zero(fill);
        for (size_t i = 0; i < step.inputs.size(); ++i)
          read(step, step.task.inputs[i], step.inputs[i]);
        for (size_t i = 0; i < step.outputs.size(); ++i)
          visit(step.task.outputs[i], step.outputs[i], {},
                [&](int64_t at, bool) { write(step, at, step.outputs[i].root); });
        if (!error_.empty()) break;
      }
    return error_;
  }

 private:
  static constexpr int garbage = -1, zeroed = -2;

  // visit(element, is halo)
  template <class Visit>
  void visit(const View& view, const Operand& operand, const Halo& halo, const Visit& visit) {
    const int64_t base = starts_[operand.root] + operand.base_bytes / 4 + view.offset;
    std::vector<int64_t> low(view.dims.size(), 0), high = view.dims;
    if (view.dims.size() == 4) {
      low[1] -= halo.top, high[1] += halo.bottom;
      low[2] -= halo.left, high[2] += halo.right;
    }
    std::vector<int64_t> at = low;
    while (true) {
      int64_t element = base;
      bool outside = false;
      for (size_t d = 0; d < at.size(); ++d) {
        element += at[d] * view.strides[d];
        outside |= at[d] < 0 || at[d] >= view.dims[d];
      }
      visit(element, outside);
      size_t d = at.size();
      while (d > 0 && ++at[d - 1] == high[d - 1]) at[d - 1] = low[d - 1], --d;
      if (d == 0) return;
    }
  }

  void read(const Step& step, const View& view, const Operand& operand) {
    visit(view, operand, view.halo, [&](int64_t at, bool is_halo) {
      if (!inside(step, at, operand.root)) return;
      if (tags_[at] != (is_halo ? zeroed : operand.root))
        fail(step, std::string("reads ") +
                       (is_halo ? "a halo that is not zero" : "what is not there") + " of root " +
                       plan_.roots[operand.root].name);
    });
  }

  void write(const Step& step, int64_t at, int root) {
    if (inside(step, at, root)) tags_[at] = root;
  }

  bool inside(const Step& step, int64_t at, int root) {
    if (at >= starts_[root] && at < starts_[root] + plan_.roots[root].size_bytes / 4) return true;
    fail(step, "leaves root " + plan_.roots[root].name);
    return false;
  }

  void fail(const Step& step, const std::string& what) {
    if (error_.empty()) error_ = "step " + step.name + " " + what;
  }

  void zero(const ZeroFill& fill) {
    for (int64_t row = 0; row < fill.rows; ++row)
      for (int64_t i = 0; i < fill.row_bytes / 4; ++i)
        tags_[starts_[fill.root] + (fill.offset_bytes + row * fill.stride_bytes) / 4 + i] = zeroed;
  }

  const Plan& plan_;
  std::vector<int64_t> starts_;
  std::vector<int> tags_;
  std::string error_;
};

}  // namespace tenfold::graph
