// Pass: convolutions of one tensor whose results are added are one convolution.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// add(conv(x), conv(x)) and add(conv(x), affine(x)) become one conv2d where the window of one
/// holds the other's taps, with equal strides, and its groups hold the other's: 3x3 + 1x1 + batch
/// norm (RepVGG, Ding et al. 2021), small kernels beside large ones and dilated ones among them
/// (RepLKNet, Ding et al. 2022). Weights are summed in double and rounded once. Only where nothing
/// else reads what is added.
Status sum_branches(Network& network);

}  // namespace tenfold::graph
