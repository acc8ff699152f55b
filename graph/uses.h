// Who makes and who reads each tensor of a network that is no longer edited.
#pragma once
#include <vector>

#include "graph/network.h"

namespace tenfold::graph {

struct Uses {
  std::vector<int> maker;                 // a tensor's node, or -1
  std::vector<std::vector<int>> readers;  // a tensor's nodes, each once, ascending
  std::vector<char> is_input, is_output;  // of the network

  bool only_reader(TensorId tensor, int node) const {
    return readers[tensor].size() == 1 && readers[tensor][0] == node && !is_output[tensor];
  }
};

Uses find_uses(const Network& network);

}  // namespace tenfold::graph
