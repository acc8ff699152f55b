// Pass: what computes nothing goes, and chains of the same movement become one.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// Removes maps, reshapes, transposes, slices, pads and affines that are the identity and
/// concatenations of one; joins reshape(reshape(x)), transpose(transpose(x)) and clip(clip(x)); a
/// transpose that moves extents of 1 alone is a reshape. An identity between an input and an output
/// of the network stays, as a map.
Status simplify(Network& network);

}  // namespace tenfold::graph
