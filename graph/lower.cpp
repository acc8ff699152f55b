#include "graph/lower.h"

#include <algorithm>
#include <iterator>

#include "graph/infer.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

constexpr int64_t least_constant_bytes = int64_t{1} << 28;  // that lowering may always make

constexpr const char* vocabulary[] = {
    "conv2d",
    "conv_transpose2d",
    "deform_conv2d",
    "gemm",
    "matmul",
    "max_pool2d",
    "avg_pool2d",
    "lp_pool2d",
    "global_avg_pool",
    "global_max_pool",
    "reduce",
    "softmax",
    "resize2d",
    "lrn",
    "layer_norm",
    "instance_norm",
    "group_norm",
    "map",
    "transpose",
    "pad",
    "gather",
    "gather_channels",
    "slice",
    "concat",
    "reshape",
    "channel_shuffle",
    "relu",
    "sigmoid",
    "tanh",
    "silu",
    "hard_swish",
    "mish",
    "gelu",
    "gelu_tanh",
    "erf",
    "exp",
    "log",
    "sqrt",
    "abs",
    "neg",
    "softplus",
    "selu",
    "reciprocal",
    "floor",
    "ceil",
    "round",
    "clip",
    "affine",
    "leaky_relu",
    "elu",
    "hard_sigmoid",
    "pow",
    "bias",
    "scale",
    "prelu",
    "scale_shift",
    "add",
    "sub",
    "mul",
    "div",
    "max",
    "min",
    "rsub",
    "rdiv",
};

// Constants of the tensors from `first` on, in bytes.
int64_t constant_bytes(const Network& network, size_t first) {
  int64_t bytes = 0;
  for (size_t i = first; i < network.tensors.size(); ++i)
    if (const auto& constant = network.tensors[i].constant)
      bytes += constant->elements() * size_bytes(constant->type());
  return bytes;
}

}  // namespace

bool in_vocabulary(const std::string& op) {
  return std::ranges::find(vocabulary, op) != std::end(vocabulary);
}

Status lower(Network& network) {
  int64_t bytes_left = std::max(least_constant_bytes, 4 * constant_bytes(network, 0));
  std::vector<Node> made, nodes = std::move(network.nodes);
  network.nodes.clear();
  for (Node& node : nodes) {
    const size_t before = network.tensors.size();
    Lowering lowering(network, node, made);
    if (const Status status = find_onnx_op(node.op)->lower(lowering); !status)
      return at_node(network, node, status.error());
    bytes_left -= constant_bytes(network, before);
    if (bytes_left < 0)
      return at_node(
          network, node,
          refused("the constants made on the way exceed 256 MiB and four times the model's"));
  }
  network.nodes = std::move(made);
  return check(network);
}

}  // namespace tenfold::graph
