// Cover: the candidate tasks of a network, overlapping. Each anchor takes up the chain behind it;
// what stands before a convolution may be applied as it loads, and a small map whose pixels are
// repeated may be read by a chain: such joined forms compete with the separate ones. partition.h
// chooses.
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
