// The parts of peer_model: what a task's anchor and its stages are as ONNX nodes.
#pragma once
#include "cli/onnx_writer.h"
#include "cli/suite.h"

namespace tenfold::cli {

/// The model as it grows: `x` is the tensor that the next node reads.
struct PeerGraph {
  const Task& task;
  OnnxWriter& model;
  std::vector<std::string> inputs;   // names of the task's inputs; inputs[0] as x begins
  std::vector<const Array*> params;  // in the model's layout, in the order of the nodes
  bool maps = false;                 // feature maps: channels are dim 1 of 4
  std::string x;
  size_t used = 0;

  /// The next constants.
  const Array& next_param() { return *params[used++]; }
  std::string constant(const Array& values);
  /// One number a channel, shaped so that it broadcasts.
  std::string channel_constant();
};

/// Puts one stage behind x. Errors: unsupported.
Status add_stage(PeerGraph& graph, const Stage& stage);

/// Puts the anchor behind x, with `bias` where the chain's first stage is one and the node takes
/// it; `bias` is then empty. Errors: unsupported.
Status add_anchor(PeerGraph& graph, std::string& bias);

/// Shuffles x's channels, x being of the task's input's dims, as exporters write it.
void add_shuffle(PeerGraph& graph, int64_t groups);

/// Where a view's dim is in the model's order.
int64_t model_dim(const PeerGraph& graph, int64_t view_dim);

}  // namespace tenfold::cli
