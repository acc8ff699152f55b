#include "graph/fold_constants.h"

#include <algorithm>

#include "graph/edit.h"
#include "graph/evaluate.h"

namespace tenfold::graph {

Status fold_constants(Network& network) {
  double steps_left = most_evaluation_steps;
  std::vector<Node> kept;
  for (Node& node : network.nodes) {
    const bool constant = std::ranges::all_of(
        node.inputs, [&](TensorId id) { return network.tensors[id].constant != nullptr; });
    if (!constant) {
      kept.push_back(std::move(node));
      continue;
    }
    Tensor& made = network.tensors[node.outputs[0]];
    const double steps = evaluation_steps(network, node);
    if (!(steps <= steps_left))
      return Error{ErrorCode::unsupported, network.file + ": node '" + node.name + "' (" + node.op +
                                               "): too large a computation over constants"};
    steps_left -= steps;
    std::vector<Value> in;
    for (TensorId id : node.inputs)
      in.push_back({network.tensors[id].dims, constant_values(network.tensors[id])});
    made.constant = std::make_shared<const Array>(
        float_array(made.dims, evaluate_node(network, node, in).data));
  }
  network.nodes = std::move(kept);
  return check(network);
}

}  // namespace tenfold::graph
