#include "graph/sum_branches.h"

#include <utility>

#include "graph/channel_affine.h"
#include "graph/edit.h"

namespace tenfold::graph {
namespace {

/// A window along one dim: tap k reads the input at stride * output + dilation * k - pad.
struct Side {
  int64_t kernel = 1, stride = 1, dilation = 1, pad = 0;

  /// The tap that reads where tap k of `other` does. Precondition: holds(other).
  int64_t tap_of(const Side& other, int64_t k) const {
    return (other.dilation * k - other.pad + pad) / dilation;
  }
  bool holds(const Side& other) const {
    const auto reads_alike = [&](int64_t k) {
      const int64_t from_first = other.dilation * k - other.pad + pad;
      return from_first >= 0 && from_first % dilation == 0 && from_first / dilation < kernel;
    };
    return stride == other.stride && reads_alike(0) && reads_alike(other.kernel - 1) &&
           (other.kernel == 1 || other.dilation % dilation == 0);
  }
};

/// What a conv2d, or a function of each channel, computes of x.
struct Branch {
  int node;
  int64_t groups;
  Side h, w;
  Dims dims;  // of the weights, {K, C in a group, R, S}
  std::vector<double> weights, bias;

  int64_t outputs_each() const { return dims[0] / groups; }
  bool holds(const Branch& other) const {
    return other.groups % groups == 0 && h.holds(other.h) && w.holds(other.w);
  }
};

std::optional<Branch> branch_of(const Editor& editor, int id) {
  const Node& node = editor.network().nodes[id];
  const TensorId y = node.outputs[0];
  if (!editor.only_use(y) || editor.dims(y).size() != 4) return std::nullopt;
  const int64_t outputs = editor.dims(y)[1];
  Branch branch{.node = id, .groups = outputs, .dims = {outputs, 1, 1, 1}};
  if (node.op == "conv2d") {
    const Tensor& weights = editor.tensor(node.inputs[1]);
    branch.groups = node.attr_int("groups", 1);
    branch.h = {weights.dims[2], node.attr_int("stride_h", 1), node.attr_int("dilation_h", 1),
                node.attr_int("pad_top", 0)};
    branch.w = {weights.dims[3], node.attr_int("stride_w", 1), node.attr_int("dilation_w", 1),
                node.attr_int("pad_left", 0)};
    branch.dims = weights.dims;
    branch.weights = constant_values(weights);
    branch.bias = node.inputs.size() > 2 ? constant_values(editor.tensor(node.inputs[2]))
                                         : std::vector<double>(outputs, 0);
    return branch;
  }
  const auto affine = affine_of(editor, node);
  if (!affine) return std::nullopt;
  for (int64_t k = 0; k < outputs; ++k) {
    branch.weights.push_back(affine->scale_at(k));
    branch.bias.push_back(affine->shift_at(k));
  }
  return branch;
}

/// Adds `other` to the weights and bias of `sum`. Precondition: sum.holds(other).
void add(Branch& sum, const Branch& other) {
  const int64_t narrow = other.dims[1], wide = sum.dims[1];
  for (int64_t k = 0; k < other.dims[0]; ++k) {
    sum.bias[k] += other.bias[k];
    // Input channels count from the first of the wide group.
    const int64_t first = k / other.outputs_each() * narrow - k / sum.outputs_each() * wide;
    for (int64_t c = 0; c < narrow; ++c)
      for (int64_t r = 0; r < other.dims[2]; ++r)
        for (int64_t s = 0; s < other.dims[3]; ++s) {
          const int64_t row = sum.h.tap_of(other.h, r), column = sum.w.tap_of(other.w, s);
          sum.weights[((k * wide + first + c) * sum.dims[2] + row) * sum.dims[3] + column] +=
              other.weights[((k * narrow + c) * other.dims[2] + r) * other.dims[3] + s];
        }
  }
}

void join(Editor& editor, int id, int64_t& copies_left) {
  const Node node = editor.node(id);
  if (node.op != "add" || node.inputs[0] == node.inputs[1]) return;
  const Dims& dims = editor.dims(node.outputs[0]);
  if (editor.dims(node.inputs[0]) != dims || editor.dims(node.inputs[1]) != dims) return;
  const int first = editor.maker(node.inputs[0]), second = editor.maker(node.inputs[1]);
  if (first < 0 || second < 0) return;
  // Most sums are of other tensors: no weights are read for them.
  const TensorId x = editor.node(first).inputs[0];
  if (editor.node(second).inputs[0] != x) return;
  auto a = branch_of(editor, first), b = branch_of(editor, second);
  if (!a || !b) return;
  if (editor.node(b->node).op == "conv2d" && b->holds(*a)) std::swap(a, b);
  if (editor.node(a->node).op != "conv2d" || !a->holds(*b)) return;
  const TensorId weights = editor.node(a->node).inputs[1];
  const int64_t copied = editor.users(weights).size() > 1 ? *volume(a->dims) : 0;
  if (copied > copies_left) return;
  add(*a, *b);
  if (!fit_float32(a->weights) || !fit_float32(a->bias)) return;
  copies_left -= copied;
  const std::string name = editor.tensor(weights).name;
  editor.set_inputs(
      a->node, {x, editor.add_constant(name + "/summed", float_array(a->dims, a->weights)),
                editor.add_constant(name + "/summed_bias", float_array({a->dims[0]}, a->bias))});
  // A sum of many branches would else hold the weights of each step.
  if (editor.users(weights).empty()) editor.network().tensors[weights].constant.reset();
  editor.bypass(id, editor.node(a->node).outputs[0]);  // which nothing else reads
}

}  // namespace

Status sum_branches(Network& network) {
  Editor editor(network);
  int64_t copies_left = most_copied_weights;
  for (int id = 0; id < editor.node_count(); ++id)
    if (!editor.node(id).op.empty()) join(editor, id, copies_left);
  return editor.commit();
}

}  // namespace tenfold::graph
