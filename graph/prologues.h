// Prologues: functions that an anchor applies as it loads. Candidates only: they compete with the
// separate form.
#pragma once
#include <optional>
#include <vector>

#include "graph/task_builder.h"

namespace tenfold::graph {

/// The group `reader` with the whole of the map `before` moved into its loads: a gate of dims
/// {N,1,1,C}, a batch normalisation that could not be folded, an activation. Nothing where that
/// can't be: `before` must have no anchor, at most three stages, no operand that varies over
/// pixels, and `reader`'s anchor as its only reader, through its first input.
std::optional<Group> with_prologue(const PlanContext& context, const Group& before,
                                   const Group& reader);

}  // namespace tenfold::graph
