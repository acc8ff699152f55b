// absorb_flattens: a flatten before a fully connected layer is a view of NHWC memory.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// A reshape {N,C,H,W} -> {N, C*H*W} that only gemms read is marked `memory_order`: its elements
/// are in NHWC order, and the gemms' weight columns are permuted to match. Others are left alone,
/// row-major ones among them.
/// Precondition: insert_copies has run.
Status absorb_flattens(Network& network);

}  // namespace tenfold::graph
