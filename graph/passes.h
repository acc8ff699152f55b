// The passes that turn an imported network into the vocabulary of docs/operators.md, in the order
// in which they run.
#pragma once
#include <string>
#include <vector>

#include "graph/network.h"

namespace tenfold::graph {

/// Everything in the network that tenfold cannot do, for a list; empty when it can be compiled.
/// Works on an imported network and on one that the passes have been over.
std::vector<Unsupported> find_unsupported(const Network& network);

/// Runs every pass. Errors: unsupported, with one line for the first entry of find_unsupported and
/// the count of the others.
Status run_passes(Network& network);

}  // namespace tenfold::graph
