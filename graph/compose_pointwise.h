// compose_pointwise: a convolution and a 1x1 convolution with nothing between them are one
// convolution.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// Where only a 1x1 convolution (stride 1, no pads, no groups) reads another convolution without
/// groups, and the product of their weights costs fewer multiplications than the two, puts that
/// product: w[k,c,r,s] = sum over j of b[k,j] * a[j,c,r,s], in double. A bottleneck that saves
/// multiplications stays.
Status compose_pointwise(Network& network);

}  // namespace tenfold::graph
