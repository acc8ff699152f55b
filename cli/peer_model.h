// A problem as other engines get it: an ONNX model in the model's own layout (feature maps {N, C,
// H, W}) with the operator as one node wherever ONNX has it so, its chain as the nodes that a
// network has there, and the same inputs, constants and expected output as the kernel.
#pragma once
#include <string>
#include <vector>

#include "autotune/data.h"
#include "cli/suite.h"

namespace tenfold::cli {

struct PeerModel {
  std::string onnx;           // bytes
  std::vector<Array> inputs;  // of the graph inputs x0, x1, ...
  Array expected;             // of the graph output y
};

/// `data` is that of problem.model. Errors: unsupported, naming what ONNX has no node for.
Result<PeerModel> peer_model(const Problem& problem, const autotune::TaskData& data);

/// A view's elements out of its root's image, dense, in the view's order.
Array dense_values(const View& view, const Array& image);

/// True when the task's rank-4 operands are feature maps {N, H, W, C}.
bool has_feature_maps(const Task& task);

/// {N, H, W, C} as {N, C, H, W}.
Array as_nchw(const Array& values);

/// weights {K, C, R, S} for an input whose channels were shuffled with so many groups.
Array shuffled_weights(const Array& weights, int64_t groups);

}  // namespace tenfold::cli
