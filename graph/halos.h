// Halos: how many zero pixels each tensor's readers want around it.
#pragma once
#include <vector>

#include "base/task.h"
#include "graph/links.h"
#include "graph/planner.h"

namespace tenfold::graph {

/// The padding that a node reads around its first input as zeros; none for pools, which mask, and
/// for everything else.
Halo zero_padding(const Network& network, const Node& node);

/// For each tensor that owns a root, the maximum over all readers of the tensors on it. A reader
/// whose padding would make the map too large (LayoutRule) counts for nothing and masks.
std::vector<Halo> find_halos(const Network& network, const Uses& uses, const Links& links,
                             const LayoutRule& rule);

}  // namespace tenfold::graph
