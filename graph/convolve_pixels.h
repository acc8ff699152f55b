// Pass: products with constant matrices over the pixels of a feature map are convolutions.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// A gemm whose rows {N*H*W, K} become a feature map {N, K, H, W}, by a reshape to {N, H, W, K} and
/// a transpose, is a conv2d of one pixel of the map that its input makes in the same way; functions
/// between them are functions of maps. What ConvNeXt writes channels last then has a convolution's
/// epilogues: the layer scale, and the sum with the map before the block. Only where nothing else
/// reads the rows.
Status convolve_pixels(Network& network);

}  // namespace tenfold::graph
