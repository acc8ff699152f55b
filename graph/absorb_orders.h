// absorb_orders: re-orderings of channels that cost nothing because the next operator's constants
// take them up.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// - flatten (or a reshape to {N, C*H*W}) before gemm: the flatten is marked `memory_order`, so
/// that it is a view of NHWC
///   memory, and the gemm's weight columns are permuted to match.
/// - channel_shuffle before convolutions without groups: their weights' input channels are permuted
/// and the
///   shuffle is gone; depthwise convolutions, pools and per-channel functions on the way are
///   permuted along.
/// What can't be absorbed is left as it is. Precondition: insert_copies has run.
Status absorb_orders(Network& network);

}  // namespace tenfold::graph
