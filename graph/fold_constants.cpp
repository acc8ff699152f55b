#include "graph/fold_constants.h"

#include <algorithm>

#include "graph/edit.h"
#include "graph/evaluate.h"

namespace tenfold::graph {
namespace {

constexpr double most_elements = 1 << 26, most_steps = 1 << 30;

double elements(const Dims& dims) {
  double count = 1;
  for (int64_t extent : dims) count *= static_cast<double>(extent);
  return count;
}

/// An upper estimate of what evaluating the node costs.
double steps_of(const Network& network, const Node& node) {
  double steps = elements(network.tensors[node.outputs[0]].dims);
  const bool sums =
      node.op.ends_with("2d") || node.op == "gemm" || node.op == "matmul" || node.op == "lrn";
  for (TensorId id : node.inputs)
    steps = sums ? steps * std::max(1.0, elements(network.tensors[id].dims))
                 : steps + elements(network.tensors[id].dims);
  return steps;
}

}  // namespace

Status fold_constants(Network& network) {
  double steps_left = most_steps;
  std::vector<Node> kept;
  for (Node& node : network.nodes) {
    const bool constant = std::ranges::all_of(
        node.inputs, [&](TensorId id) { return network.tensors[id].constant != nullptr; });
    if (!constant) {
      kept.push_back(std::move(node));
      continue;
    }
    Tensor& made = network.tensors[node.outputs[0]];
    const double steps = steps_of(network, node);
    if (!(elements(made.dims) <= most_elements && steps <= steps_left))
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
