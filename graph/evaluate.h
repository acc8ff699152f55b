// The plain meaning of every node of docs/operators.md: slow, in double, over the model's own dim
// order. Tests hold passes and kernels against it; fold_constants computes with it. Shares nothing
// with dsl/.
#pragma once
#include <span>
#include <vector>

#include "graph/network.h"

namespace tenfold::graph {

struct Value {
  Dims dims;
  std::vector<double> data;
};

/// One node's output. `inputs` stand in the node's order, constants included. Precondition: the op
/// is in the vocabulary and the network is valid.
Value evaluate_node(const Network& network, const Node& node, std::span<const Value> inputs);

/// What evaluating constants may take in all.
constexpr double most_evaluation_steps = 1 << 30;

/// An upper estimate of what evaluating the node takes; infinite beyond 2^26 elements.
double evaluation_steps(const Network& network, const Node& node);

/// The outputs of a network over which the passes have run, for dense f32 inputs in the order of
/// network.inputs. Errors: invalid_shape when an input does not fit.
Result<std::vector<Array>> evaluate(const Network& network, const std::vector<Array>& inputs);

}  // namespace tenfold::graph
