// absorb_shuffles: a channel shuffle costs nothing where the next operator's constants take it up.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// A channel_shuffle that is read, perhaps past depthwise convolutions, pools and per-channel
/// functions, only by convolutions without groups is removed: the weights' input channels are
/// permuted, and the constants on the way along with them. Others are left alone.
Status absorb_shuffles(Network& network);

}  // namespace tenfold::graph
