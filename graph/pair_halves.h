// pair_halves: ShuffleNetV2's concatenation, shuffle by two and split, without a shuffle.
//
// Channel 2k+b of the shuffled map is channel k of operand b. So both operands are written side by
// side, as the pixels 2x and 2x+1 of a map of twice the width and half the channels. The upper
// half, which a 1x1 convolution reads, is then channels c/2..c of that map under a kernel two
// pixels wide with stride 2: the same products, no copy. The lower half, which passes the block by,
// is copied once, into the next such map.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// Where concat {a, b} -> channel_shuffle by 2 -> slices into halves, and only 1x1 convolutions
/// read the upper half, puts
///   interleave (axis 3): pixel 2x+b of its output is pixel x of input b,
///   conv2d of a slice of that with kernel_w 2 and stride_w 2, its weights' channel 2i+b at {i, 0,
///   b}, join_pairs: {N, c, H, 2W} -> {N, 2c, H, W}, channel 2k+b of pixel x from channel k of
///   pixel 2x+b.
/// Others are left alone. Source of the block: Ma et al. 2018, figure 3.
Status pair_halves(Network& network);

}  // namespace tenfold::graph
