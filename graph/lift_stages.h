// Pass: element-wise functions move from behind a reshape to before it, next to what computes their
// input.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// stage(reshape(x)) becomes reshape(stage(x)) where the reshape has no other use and the stage's
/// channels run the same way in both shapes (a stage without constants always does). A constant
/// along the last dim of rank 4 runs along the channels of the rows behind the reshape.
/// binary(reshape(x), reshape(y)) likewise, for x and y of equal dims.
Status lift_stages(Network& network);

}  // namespace tenfold::graph
