// Pass: explicit padding of an image becomes the padding of the windows that read it.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// window(pad(x)) becomes window(x) with larger pads where that is exact: zeros before conv2d;
/// zeros before avg_pool2d that has no pads of its own or counts them (it counts them afterwards);
/// zeros before lp_pool2d; the lowest number before max_pool2d. Only H and W are padded.
Status fold_pads(Network& network);

}  // namespace tenfold::graph
