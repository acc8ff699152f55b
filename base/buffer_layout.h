// How a View becomes the dimensions of a kernel's buffer argument: the one rule that the kernels' constraints (dsl/),
// the manifest (codegen/) and the runner agree on.
#pragma once
#include <vector>

#include "base/task.h"

namespace tenfold {

struct BufferDim {
  int64_t min = 0, extent = 1, stride = 1;
};

/// Dimensions innermost first, as Halide orders them. The buffer's host pointer is the root's base, whatever the
/// offset: H and W begin at minus their halo, and the remaining displacement is folded, as a constant, into the min of
/// the first dimension of stride 1, so that element (0,0,0,0) lies at base + offset. On a device the base is the root's
/// own handle, which is why no address is ever shifted. Errors: invalid_shape when the offset is not 0 and no dimension has stride 1.
Result<std::vector<BufferDim>> buffer_dims(const View& view);

/// The same for a dense constant: mins 0.
std::vector<BufferDim> buffer_dims(const Dims& dense);

/// One past the last element that the view's logical box and halo reach, counted from the base.
int64_t end_element(const View& view);

}  // namespace tenfold
