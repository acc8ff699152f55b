// absorb_shuffles: a channel shuffle costs nothing where the next operator takes it up, in its
// constants or in the order in which it reads.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// A channel_shuffle that is read, perhaps past depthwise convolutions, pools and per-channel
/// functions, only by convolutions is removed: the input channels of weights without groups are
/// permuted, grouped convolutions read in the shuffled order (`shuffle`), and the constants on the
/// way are permuted along. Others are left alone.
Status absorb_shuffles(Network& network);

}  // namespace tenfold::graph
