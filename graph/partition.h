// Partition: the cheapest choice of candidates that has each computing node exactly once.
#pragma once
#include <functional>
#include <vector>

namespace tenfold::graph {

struct CoverItem {
  std::vector<int> nodes;  // ascending, not empty
  double cost = 0;         // seconds
};

/// Indices into `items`, ascending by their last node: an order in which they may run. Exact:
/// regions of the network that share no candidate are solved one by one, each by dynamic
/// programming along the order of nodes over the sets of nodes that a choice has taken ahead of it;
/// a region with more than 4096 such sets at one node keeps the cheapest ones. Among equals the
/// choice with the lower indices wins. Precondition: some choice has each node of the items exactly
/// once.
std::vector<int> cheapest_cover(const std::vector<CoverItem>& items);

}  // namespace tenfold::graph
