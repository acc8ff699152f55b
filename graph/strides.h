// Arithmetic on strided boxes: when a reshape is the same memory under other dims, and how to copy
// when it is not.
#pragma once
#include <optional>

#include "base/task.h"

namespace tenfold::graph {

/// {N, C, H, W} -> {N, H, W, C}; any other rank stays as it is. The same for strides and for any
/// list with an entry a dim.
Dims to_view_order(const Dims& model);
Dims to_model_order(const Dims& view);

/// The view dim that a model dim becomes.
int view_dim(size_t rank, int model_dim);

/// Strides that make `to` the same elements in the same row-major order as `from` under `strides`,
/// without a copy. Nothing when there are none. Precondition: equal volumes, in model order.
std::optional<Dims> reshaped_strides(const Dims& from, const Dims& strides, const Dims& to);

/// A copy between two shapes of one sequence of elements, as boxes of equal dims.
struct CopyBoxes {
  Dims dims, from_strides, to_strides;
};

/// Whether two shapes of one sequence of elements have a common cut (copy_boxes).
bool has_common_cut(const Dims& from, const Dims& to);

/// Splits both shapes' dims until they agree and merges what is contiguous on both sides. Nothing
/// when their extents cannot be cut to agree (4x6 to 6x4). Precondition: equal volumes, in model
/// order.
std::optional<CopyBoxes> copy_boxes(const Dims& from, const Dims& from_strides, const Dims& to,
                                    const Dims& to_strides);

/// Gives a view a dimension of extent 1 and stride 1 at its end when it has none of stride 1 but
/// needs one to hold its offset.
View with_unit_dim(View view);
bool needs_unit_dim(const View& view);

}  // namespace tenfold::graph
