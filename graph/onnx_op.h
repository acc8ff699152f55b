// ONNX operators, one row each: which inputs it takes, its shape rule, how it is folded when its
// inputs are constant, and what it becomes in tenfold's own vocabulary. A new ONNX operator is one
// row in onnx_op.cpp and its functions in the onnx_*.cpp file of its family. Rules follow ONNX's
// Operators.md and Changelog.md, opsets 7 to 28.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/network.h"

namespace tenfold::graph {

/// The file breaks a rule of the operator, or its shapes do not fit.
inline Error broken(std::string rule) {
  return {ErrorCode::invalid_shape, std::move(rule)};
}
/// The file is well-formed, but tenfold has nothing for it.
inline Error refused(std::string rule) {
  return {ErrorCode::unsupported, std::move(rule)};
}

/// A node with its tensors, as an operator's rules see it. Errors from here are the bare rule: the
/// caller adds file and node.
class OpView {
 public:
  OpView(Network& network, Node& node) : network_(network), node_(node) {}

  const Network& network() const { return network_; }
  const Node& node() const { return node_; }
  int64_t opset() const { return network_.opset; }

  size_t inputs() const { return node_.inputs.size(); }
  size_t outputs() const { return node_.outputs.size(); }
  bool has(size_t i) const { return i < node_.inputs.size() && node_.inputs[i] != no_tensor; }
  const Tensor& in(size_t i) const { return network_.tensors[node_.inputs[i]]; }
  const Dims& dims(size_t i) const { return in(i).dims; }
  int64_t rank(size_t i) const { return static_cast<int64_t>(in(i).dims.size()); }
  bool is_constant(size_t i) const { return has(i) && in(i).constant != nullptr; }
  const Tensor& out(size_t i) const { return network_.tensors[node_.outputs[i]]; }
  bool wants(size_t i) const { return i < node_.outputs.size() && node_.outputs[i] != no_tensor; }

  bool has_attr(const char* name) const { return node_.attrs.contains(name); }
  int64_t attr(const char* name, int64_t otherwise) const {
    return node_.attr_int(name, otherwise);
  }

  /// A constant input's values; refused when the input is computed or absent, broken when it is
  /// longer than 4096.
  Result<std::vector<int64_t>> ints(size_t i) const;
  Result<std::vector<double>> floats(size_t i) const;
  /// The ints of attribute `name`, or of input i where the operator takes them so; empty when
  /// neither is there.
  Result<std::vector<int64_t>> attr_or_input(const char* name, size_t i) const;

  /// States an output's type and shape (absent outputs are ignored). Errors: broken when it has
  /// over 2^34 elements, or none.
  Status set(size_t i, DType type, Dims dims);
  /// The same where an output without elements is allowed: what constants may be.
  Status set_any(size_t i, DType type, Dims dims);

 protected:
  Network& network_;
  Node& node_;
};

/// Where an operator puts what it becomes. Tensors that it makes on the way are named after the
/// node's first output.
class Lowering : public OpView {
 public:
  Lowering(Network& network, Node& node, std::vector<Node>& made)
      : OpView(network, node), made_(made) {}

  using Attrs = std::map<std::string, AttrValue>;
  TensorId input(size_t i) const { return node_.inputs[i]; }
  const Tensor& tensor(TensorId id) const { return network_.tensors[id]; }
  // By value: making a tensor moves the others.
  Dims dims(size_t i) const { return in(i).dims; }
  Dims dims_of(TensorId id) const { return network_.tensors[id].dims; }
  Dims result_dims(size_t i = 0) const { return out(i).dims; }

  /// A node with a new tensor of these dims.
  TensorId emit(const std::string& op, std::vector<TensorId> inputs, Dims dims, Attrs attrs = {});
  /// A node that makes output i, through a reshape where `dims` (what the node computes) are not
  /// the output's.
  void finish(const std::string& op, std::vector<TensorId> inputs, Dims dims, Attrs attrs = {},
              size_t i = 0);
  /// finish() with the output's own dims.
  void result(const std::string& op, std::vector<TensorId> inputs, Attrs attrs = {}, size_t i = 0);
  /// x under these dims: itself, a reshaped constant, or a reshape node.
  TensorId reshape(TensorId x, Dims dims);
  /// Output i is x, renamed or reshaped.
  void alias(TensorId x, size_t i = 0);
  TensorId constant(Dims dims, const std::vector<double>& values);
  /// The box of x that begins at `starts`.
  TensorId slice(TensorId x, Dims starts, Dims extents);
  /// x transposed (a constant is transposed at once).
  TensorId transpose(TensorId x, const std::vector<int64_t>& perm);

 private:
  Node begin(const std::string& op, std::vector<TensorId> inputs, Attrs attrs) const;
  std::string fresh_name(const std::string& op) const;
  std::vector<Node>& made_;
};

struct OnnxOp {
  const char* name;
  int min_inputs, max_inputs;  // max -1: any number
  /// Sets type and dims of every output, or says what is wrong; a refusal may come after the dims
  /// are set.
  Status (*shape)(OpView& op);
  /// The outputs' values, when every input is constant. Null: those of what it becomes
  /// (fold_lowered.h), where these are floats.
  Result<std::vector<Array>> (*fold)(const OpView& op);
  /// Emits what the node becomes. Null: it has no computed form.
  Status (*lower)(Lowering& op);
  /// What a computed node must not ask for. Null: nothing.
  Status (*limits)(const OpView& op) = nullptr;
};

std::span<const OnnxOp> onnx_ops();
const OnnxOp* find_onnx_op(const std::string& name);

/// axis in [0, rank), a negative one counted from the end; broken otherwise. `rank` itself is
/// allowed where `end` says so.
Result<int64_t> normal_axis(int64_t axis, int64_t rank, bool end = false);
/// All of them, sorted; broken when one comes twice.
Result<std::vector<int64_t>> normal_axes(const std::vector<int64_t>& axes, int64_t rank);
/// Product over dims [begin, end). Precondition: the dims are a tensor's.
int64_t product(const Dims& dims, size_t begin, size_t end);
/// numpy's rule; broken when the two do not fit.
Result<Dims> broadcast(const Dims& a, const Dims& b);

}  // namespace tenfold::graph
