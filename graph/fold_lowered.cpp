#include "graph/fold_lowered.h"

#include "graph/convert.h"
#include "graph/edit.h"
#include "graph/evaluate.h"

namespace tenfold::graph {
namespace {

/// The node alone: its tensors, without other makers and users.
Network network_of(const Network& network, const Node& node) {
  Network alone;
  alone.file = network.file;
  alone.opset = network.opset;
  Node copy = node;
  for (std::vector<TensorId>* ids : {&copy.inputs, &copy.outputs})
    for (TensorId& id : *ids)
      if (id != no_tensor) id = alone.add_tensor(network.tensors[id]);
  alone.outputs = {copy.outputs[0]};
  alone.nodes.push_back(std::move(copy));
  return alone;
}

}  // namespace

Result<std::shared_ptr<const Array>> fold_lowered(const Network& network, const Node& node,
                                                  const OnnxOp& op, double& steps_left) {
  const std::shared_ptr<const Array> nothing;
  const DType type = network.tensors[node.outputs[0]].type;
  if (is_integer(type)) return nothing;
  for (TensorId id : node.inputs)  // lowering may read them all
    if (id != no_tensor)
      steps_left -= static_cast<double>(network.tensors[id].constant->elements());
  if (steps_left < 0) return nothing;
  Network alone = network_of(network, node);
  Node onnx = std::move(alone.nodes[0]);
  alone.nodes.clear();
  Lowering lowering(alone, onnx, alone.nodes);
  Status lowered = op.limits ? op.limits(lowering) : Status();
  if (lowered) lowered = op.lower(lowering);
  if (!lowered && lowered.error().code == ErrorCode::unsupported) return nothing;
  TENFOLD_CHECK(lowered);
  double steps = 0;
  for (const Node& made : alone.nodes) steps += evaluation_steps(alone, made);
  if (!(steps <= steps_left)) return nothing;
  steps_left -= steps;
  TENFOLD_TRY(const std::vector<Array> values, evaluate(alone, {}));
  return std::make_shared<const Array>(from_doubles(type, values[0].dims(), to_doubles(values[0])));
}

}  // namespace tenfold::graph
