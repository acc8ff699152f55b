// Pass: two gates on one map become one. Source: Roy et al. 2018, concurrent spatial and channel
// Squeeze-and-Excitation.
#pragma once
#include "graph/network.h"

namespace tenfold::graph {

/// x*a + x*b becomes x*(a + b), and max(x*a, x*b) becomes x*max(a, b) where x is not negative, for
/// gates that are smaller than x: it is read once, and the gates meet by broadcasting.
Status join_gates(Network& network);

}  // namespace tenfold::graph
