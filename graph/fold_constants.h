// Pass: nodes all of whose inputs are constant become constants.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// Nodes of the vocabulary over constants are evaluated, in double, as long as a node makes at most
/// 2^26 elements and the pass takes at most some 2^30 steps. Errors: unsupported beyond that, or
/// when an output of the network is constant.
Status fold_constants(Network& network);

}  // namespace tenfold::graph
