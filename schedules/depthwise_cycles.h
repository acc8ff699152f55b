// What a config of the space "depthwise" costs in cycles, by a model of one core: products, loads,
// and lines that a tile does not find in L1.
#pragma once
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

/// A tile of xt by yt pixels, taken over an image `vectors` vectors of channels at a time.
struct DepthwiseLoops {
  int64_t lanes, xt, yt, vectors;
  bool copied;           // from a dense copy of the block's input
  bool unrolled;         // rows of taps
  bool by_rows = false;  // all channels of a row of tiles before the next row
  bool ahead = false;    // the next row's pixels are asked for
};

/// Cycles of the whole task; a figure to compare loops by. by_rows changes it only where
/// from_far_l3().
double depthwise_cycles(const Task& task, const ConvShape& shape, const Target& target,
                        const DepthwiseLoops& loops);

}  // namespace tenfold::schedules
