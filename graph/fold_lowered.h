// Folding through the vocabulary: what has a computed form needs no second one for constants.
#pragma once
#include "graph/onnx_op.h"

namespace tenfold::graph {

/// The first output of a node whose inputs are all constant: what the node becomes (`op.lower`),
/// evaluated in double, the result rounded to float32. Null where the node exceeds its operator's
/// limits, does not make floats, or takes more than `steps_left`, from which its inputs' elements and
/// its steps are taken.
/// Precondition: op.lower, and shapes are known. Errors: the operator's rules.
Result<std::shared_ptr<const Array>> fold_lowered(const Network& network, const Node& node,
                                                  const OnnxOp& op, double& steps_left);

}  // namespace tenfold::graph
