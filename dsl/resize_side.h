// Where the outputs of a resize lie in its input, along one side, as exact fractions: floors and
// interpolation weights that a compiler can fold for each phase, and that no rounding can tip over
// a pixel's edge.
#pragma once
#include "base/task.h"

namespace tenfold::dsl {

/// Output o lies at (step*o + first) / unit in pixels of the input.
struct ResizeSide {
  int64_t in = 1, out = 1;
  int64_t step = 1, first = 0, unit = 1;
  /// After this many outputs the fraction repeats: constant weights for each of them.
  int64_t phases() const;
};

/// dim: 1 height, 2 width. Errors: unsupported when the fraction does not fit 32 bits.
Result<ResizeSide> resize_side(const Task& task, int dim);

}  // namespace tenfold::dsl
