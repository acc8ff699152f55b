// Cover: the candidate tasks of a network, overlapping. Each anchor takes up the chain behind it;
// what stands before a convolution may be applied as it loads, and competes with doing so
// separately. partition.h chooses.
#pragma once
#include <vector>

#include "graph/task_builder.h"

namespace tenfold::graph {

/// Every node that computes is in at least one candidate, and there is a choice of candidates that
/// has each exactly once. A chain is followed while each intermediate result has one reader. Where
/// both operands of an addition could take it up, the one computed later does. A function without
/// an operand never stands alone where a chain can take it. Errors: of build_task, for a node that
/// no task can compute.
Result<std::vector<Candidate>> cover(const PlanContext& context);

}  // namespace tenfold::graph
