// Passes: shapes of graph that stand for one operator.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// reshape {N,C,H,W} -> {N,G,C/G,...}, transpose of the two middle dims, reshape back:
/// channel_shuffle with groups = G (Zhang et al. 2018, ShuffleNet, 3.1).
Status recognise_channel_shuffles(Network& network);

/// avg_pool2d and max_pool2d whose window is the whole image, without pads, become global pools.
Status recognise_global_pools(Network& network);

}  // namespace tenfold::graph
