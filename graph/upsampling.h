// Upsampling by repeated pixels needs no kernel of its own: an element-wise chain over {N, H/s, s,
// W/s, s, C} reads the small map through extents of 1, which broadcast. Feature pyramids add such
// maps at every level.
#pragma once
#include <optional>

#include "graph/task_builder.h"

namespace tenfold::graph {

/// How often a resize2d repeats each row and pixel, where that is all it does.
std::optional<Repeats> repeated_pixels(const Network& network, const Node& node);

/// A map `chain` and the group of such a resize, when that continues as a stage whose other operand
/// is the chain's result: the chain, the stage with the small map as its operand, and what follows.
/// Competes with the two apart.
std::optional<Group> with_upsampling(const PlanContext& context, const Group& chain,
                                     const Group& resize);

/// The view with its rows and pixels cut into runs: {N,H,W,C} -> {N, H/rows, rows, W/pixels,
/// pixels, C}. An extent of 1 stays two extents of 1.
View with_runs(const View& view, const Repeats& repeats);

/// The view of a small map that broadcasts over such runs.
View over_runs(const View& view);

}  // namespace tenfold::graph
