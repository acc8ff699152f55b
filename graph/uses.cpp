#include "graph/uses.h"

#include <algorithm>

namespace tenfold::graph {

Uses find_uses(const Network& network) {
  const size_t tensors = network.tensors.size();
  Uses uses{std::vector<int>(tensors, -1), std::vector<std::vector<int>>(tensors),
            std::vector<char>(tensors, 0), std::vector<char>(tensors, 0)};
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const auto id = static_cast<int>(i);
    for (TensorId output : network.nodes[i].outputs)
      if (output != no_tensor) uses.maker[output] = id;
    for (TensorId input : network.nodes[i].inputs) {
      if (input == no_tensor) continue;
      auto& readers = uses.readers[input];
      if (readers.empty() || readers.back() != id) readers.push_back(id);
    }
  }
  for (TensorId input : network.inputs) uses.is_input[input] = 1;
  for (TensorId output : network.outputs) uses.is_output[output] = 1;
  return uses;
}

}  // namespace tenfold::graph
