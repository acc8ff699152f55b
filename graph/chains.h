// Chains: which stage nodes follow which anchor into one kernel.
#pragma once
#include <vector>

#include "graph/task_builder.h"

namespace tenfold::graph {

/// Groups without prologues that have each computing node exactly once, in the order of their first
/// nodes.
std::vector<Group> find_chains(const PlanContext& context);

/// Whether layout left the node a copy to be made.
bool is_copy(const Node& node);

}  // namespace tenfold::graph
