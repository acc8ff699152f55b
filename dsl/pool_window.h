// The window of a pool along one side, and which of its taps lie where.
#pragma once
#include "base/task.h"

namespace tenfold::dsl {

/// Tap t of output o reads input o*stride - before + t*dilation; what lies outside [0, in) is
/// padding. The last `ceil` pixels of `after` are there by ceil mode alone and never count.
struct PoolSide {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, before = 0, after = 0, ceil = 0;
  /// All taps of all outputs lie inside the input.
  bool inside() const;
};

PoolSide pool_height(const Task& task);
PoolSide pool_width(const Task& task);

/// Views, attributes, and that the output's extents are those of the window.
Status check_pool(const Task& task);

}  // namespace tenfold::dsl
