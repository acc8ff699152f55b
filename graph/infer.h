// Shape inference and folding over an imported network, in one walk: what an exporter computes
// shapes with is constant as soon as the shapes before it are known.
#pragma once
#include <map>

#include "graph/network.h"

namespace tenfold::graph {

struct InferOptions {
  std::map<TensorId, Dims>
      declared;  // shapes that the model states: used behind a node that tenfold has no rule for
  int64_t fold_bytes = int64_t{1} << 28;  // that folding may hold at a time
};

/// Sets type and dims of every tensor that can be known; nodes whose inputs are all constant become
/// constants and go. What is not supported is added to network.unsupported. Precondition: nodes are
/// sorted, inputs have their dims. Errors: invalid_model, invalid_shape with file, node and rule.
Status infer(Network& network, const InferOptions& options);

/// "model.onnx: node 'conv1' (Conv): rule".
Error at_node(const Network& network, const Node& node, const Error& rule);

}  // namespace tenfold::graph
