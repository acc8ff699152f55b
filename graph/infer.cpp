#include "graph/infer.h"

#include <algorithm>

#include "graph/edit.h"
#include "graph/evaluate.h"
#include "graph/fold_lowered.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

// What only moves elements: places (ArgMax) go through as whole numbers in float32.
constexpr const char* movers[] = {"Cast",     "Concat",    "Expand",   "Flatten", "Gather",
                                  "Identity", "Reshape",   "Slice",    "Split",   "Squeeze",
                                  "Tile",     "Transpose", "Unsqueeze"};
constexpr int64_t most_fold_bytes = int64_t{1} << 27;  // of one folded tensor
constexpr int64_t work_by_bytes = 16;  // what folding may read and make, to what it may hold

class Inference {
 public:
  Inference(Network& network, const InferOptions& options)
      : network_(network),
        options_(options),
        readers_(network.tensors.size(), 0),
        folded_bytes_(network.tensors.size(), 0),
        bytes_left_(options.fold_bytes),
        work_left_(work_by_bytes * options.fold_bytes) {
    for (const Node& node : network.nodes)
      for (TensorId id : node.inputs)
        if (id != no_tensor) ++readers_[id];
    for (TensorId id : network.outputs) ++readers_[id];
  }

  Status run() {
    std::vector<Node> kept;
    for (Node& node : network_.nodes) {
      TENFOLD_TRY(const bool folded, visit(node));
      if (folded)
        release_inputs(node);
      else
        kept.push_back(std::move(node));
    }
    network_.nodes = std::move(kept);
    return {};
  }

 private:
  void refuse(const Node& node, const std::string& rule) {
    network_.unsupported.push_back({node.name, node.op, rule});
    for (TensorId id : node.outputs)
      if (const auto found = options_.declared.find(id);
          id != no_tensor && found != options_.declared.end()) {
        network_.tensors[id].dims = found->second;
        network_.tensors[id].shape_known = true;
      }
  }

  /// Forgets what folding made on the way once its last reader is folded.
  void release_inputs(const Node& node) {
    for (TensorId id : node.inputs)
      if (id != no_tensor && --readers_[id] == 0 && folded_bytes_[id] > 0) {
        network_.tensors[id].constant.reset();
        bytes_left_ += folded_bytes_[id];
      }
  }

  /// Narrow elements count as wide as those that they are computed in, nearly.
  static int64_t fold_bytes(const Tensor& tensor) {
    return volume(tensor.dims).value() * std::max<int64_t>(4, size_bytes(tensor.type));
  }

  bool may_make(int64_t bytes) const {
    return bytes <= most_fold_bytes && bytes <= bytes_left_ && bytes <= work_left_;
  }

  void set_constant(TensorId id, std::shared_ptr<const Array> value) {
    Tensor& tensor = network_.tensors[id];
    tensor.constant = std::move(value);
    assert(tensor.constant->dims() == tensor.dims && tensor.constant->type() == tensor.type);
    folded_bytes_[id] = fold_bytes(tensor);
    bytes_left_ -= folded_bytes_[id];
    work_left_ -= folded_bytes_[id];
  }

  /// Runs a rule: a refusal is noted, anything else is an error. False when it was refused.
  Result<bool> allowed(const Node& node, const Status& status) {
    if (status) return true;
    if (status.error().code != ErrorCode::unsupported)
      return at_node(network_, node, status.error());
    refuse(node, status.error().message);
    return false;
  }

  Status check_inputs(const Node& node, const OnnxOp& op) const {
    const auto count = static_cast<int>(node.inputs.size());
    if (count < op.min_inputs || (op.max_inputs >= 0 && count > op.max_inputs))
      return broken("has " + std::to_string(count) + " inputs");
    for (int i = 0; i < count; ++i)
      if (node.inputs[i] == no_tensor && (i < op.min_inputs || op.max_inputs < 0))
        return broken("input " + std::to_string(i) + " is missing");
    if (node.outputs.empty() || node.outputs[0] == no_tensor) return broken("has no output");
    return {};
  }

  /// True when the node became constants.
  Result<bool> visit(Node& node) {
    const OnnxOp* op = find_onnx_op(node.op);
    if (!op || node.attrs.contains("subgraph")) {
      refuse(node, op ? "has a subgraph" : "no such operator in tenfold");
      return false;
    }
    if (const Status status = check_inputs(node, *op); !status)
      return at_node(network_, node, status.error());
    const auto known = [this](TensorId id) {
      return id == no_tensor || network_.tensors[id].shape_known;
    };
    if (!std::ranges::all_of(node.inputs, known)) return false;  // behind something unsupported

    OpView view(network_, node);
    TENFOLD_TRY(const bool shaped, allowed(node, op->shape(view)));
    if (!shaped) return false;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      TensorId& id = node.outputs[i];
      const bool made = i == 0 || node.op == "Split";
      if (id == no_tensor || (made && known(id))) continue;
      if (readers_[id]) {
        refuse(node, "its output '" + network_.tensors[id].name + "' is not computed");
        return false;
      }
      if (!known(id)) id = no_tensor;
    }
    if (foldable(node)) {
      if (op->fold) return fold(node, *op, view);
      TENFOLD_TRY(const bool folded, fold_computed(node, *op));
      if (folded) return true;
    }
    TENFOLD_CHECK(check_computed(node, *op, view));
    return false;
  }

  /// Its inputs' shapes make its value.
  static bool reads_shapes_alone(const Node& node) {
    return node.op == "Shape" || node.op == "Size" || node.op == "EyeLike";
  }

  bool foldable(const Node& node) const {
    if (reads_shapes_alone(node)) return true;
    if (node.op == "CastLike") return network_.tensors[node.inputs[0]].constant != nullptr;
    return std::ranges::all_of(node.inputs, [this](TensorId id) {
      return id == no_tensor || network_.tensors[id].constant;
    });
  }

  Result<bool> fold(Node& node, const OnnxOp& op, const OpView& view) {
    int64_t bytes = 0;
    for (TensorId id : node.outputs)
      if (id != no_tensor) bytes += fold_bytes(network_.tensors[id]);
    for (TensorId id : node.inputs)
      if (!reads_shapes_alone(node) && id != no_tensor)
        work_left_ -= fold_bytes(network_.tensors[id]);
    if (!may_make(bytes)) {
      refuse(node, bytes <= most_fold_bytes && bytes <= bytes_left_
                       ? "too large a computation over constants"
                       : "makes a constant of " + std::to_string(bytes >> 20) + " MiB");
      return false;
    }
    Result<std::vector<Array>> values = op.fold(view);
    if (!values) return at_node(network_, node, values.error());
    for (size_t i = 0; i < values->size() && i < node.outputs.size(); ++i)
      if (node.outputs[i] != no_tensor)
        set_constant(node.outputs[i], std::make_shared<const Array>(std::move((*values)[i])));
    return true;
  }

  /// False when the node stays: fold_constants may yet take it.
  Result<bool> fold_computed(const Node& node, const OnnxOp& op) {
    const Tensor& made = network_.tensors[node.outputs[0]];
    const int64_t bytes = fold_bytes(made);
    const bool empty = bytes == 0 || volume(network_.tensors[node.inputs[0]].dims).value() == 0;
    if (!op.lower || empty || !may_make(bytes)) return false;
    Result<std::shared_ptr<const Array>> value = fold_lowered(network_, node, op, steps_left_);
    if (!value) return at_node(network_, node, value.error());
    if (!*value) return false;
    set_constant(node.outputs[0], std::move(*value));
    return true;
  }

  Status check_computed(const Node& node, const OnnxOp& op, const OpView& view) {
    if (!op.lower) {
      refuse(node, "its inputs are not constant");
      return {};
    }
    const bool moves = std::ranges::find(movers, node.op) != std::end(movers);
    for (TensorId id : node.inputs)
      if (id != no_tensor && !network_.tensors[id].constant &&
          network_.tensors[id].type != DType::f32 && !moves) {
        refuse(node, "computes with '" + network_.tensors[id].name + "' of type " +
                         to_string(network_.tensors[id].type) + ": only float32 is computed");
        return {};
      }
    if (node.op == "Concat" && network_.tensors[node.outputs[0]].type != DType::f32 &&
        std::ranges::any_of(
            node.inputs, [&](TensorId id) { return network_.tensors[id].constant != nullptr; })) {
      refuse(node, "joins computed integers with constants");
      return {};
    }
    for (TensorId id : node.outputs)
      if (id != no_tensor &&
          std::ranges::find(network_.tensors[id].dims, 0) != network_.tensors[id].dims.end())
        return at_node(
            network_, node,
            broken("a result of shape " + to_string(network_.tensors[id].dims) + " is empty"));
    if (op.limits) {
      const Result<bool> within = allowed(node, op.limits(view));
      if (!within) return within.error();
    }
    return {};
  }

  Network& network_;
  const InferOptions& options_;
  std::vector<int> readers_;           // by tensor; the network's user is one
  std::vector<int64_t> folded_bytes_;  // by tensor that folding made
  int64_t bytes_left_, work_left_;
  double steps_left_ = most_evaluation_steps;
};

}  // namespace

Error at_node(const Network& network, const Node& node, const Error& rule) {
  return {rule.code,
          network.file + ": node '" + node.name + "' (" + node.op + "): " + rule.message};
}

Status infer(Network& network, const InferOptions& options) {
  return Inference(network, options).run();
}

}  // namespace tenfold::graph
