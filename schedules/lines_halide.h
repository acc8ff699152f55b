// The loops of what "lines" takes from a line, in registers.
#pragma once
#include <vector>

#include "dsl/algorithm_halide.h"
#include "schedules/line_dims.h"

namespace tenfold::schedules {

struct LineOrder {
  int lanes, vectors;
  Halide::TailStrategy tail;  // of what is summed for a block of lines
  int chains = 1;             // sums of a row side by side
};

/// Vectors along `at`, one tile of them unrolled: [vi, vu], block.
struct LineSplit {
  Halide::Var vi, vu;
};
LineSplit split_vectors(Halide::Stage stage, const Halide::Var& at, const LineOrder& order,
                        Halide::TailStrategy tail);
LineSplit split_vectors(Halide::Stage stage, const Halide::Var& at, const LineOrder& order);

/// Lines along which neighbours do not lie. for the outer reduced dims: for block of lines: a row,
/// that is the innermost reduced dim, is reduced in registers, then into the line's own result. A
/// long sum is thus one of sums: float32 loses up to half a unit of the last place of what is
/// there at each step.
void order_across(Halide::Func f, const Halide::Var& along,
                  const std::vector<Halide::RVar>& reduction,
                  const std::vector<Halide::Var>& others, const LineOrder& order);

/// lanes * vectors partial results of a line, computed at `where` of `out`, then one from them.
void order_along(Halide::Func f, const Lines& lines, const Halide::RDom& r, const Halide::Func& out,
                 const Halide::Var& where, const LineOrder& order);

/// The outermost reduced dim in `parts` partial sums, each a thread's, then their sum.
void order_parts(Halide::Func f, const Task& task, const Lines& lines, const Halide::RDom& r,
                 int parts, const LineOrder& order);

std::vector<Halide::RVar> rvars_of(const Halide::RDom& r);

}  // namespace tenfold::schedules
