// In place: element-wise tasks write over an operand that nothing reads afterwards.
#pragma once
#include <vector>

#include "base/task.h"
#include "graph/plan.h"

namespace tenfold::graph {

/// Where a step's output is the first use of its root and has exactly the place, in a root of the
/// same shape, of an input whose last use the step is, both become one root. The input is a `map`'s
/// x or any operator's operand: each of its elements is read just before the output's is written
/// (schedules/alias.h). `maps` has the map of each root (an empty view for those without); roots
/// that are no longer used stay, untouched by any step.
void run_in_place(Plan& plan, const std::vector<View>& maps);

}  // namespace tenfold::graph
