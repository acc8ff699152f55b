#include "graph/fold_weights.h"

#include <algorithm>
#include <cmath>

#include "graph/channel_affine.h"
#include "graph/edit.h"

namespace tenfold::graph {
namespace {

/// Where an anchor's constants stand among its inputs, or -1 for other ops.
int weights_input(const Editor& editor, const Node& node) {
  if (node.op == "conv2d" || node.op == "conv_transpose2d" || node.op == "gemm") return 1;
  if (node.op != "deform_conv2d") return -1;
  return editor.tensor(node.inputs[2]).constant ? 2 : 3;
}

/// Weights that an anchor would have copied, because others keep them.
int64_t copied_weights(const Editor& editor, const Node& anchor) {
  const TensorId weights = anchor.inputs[weights_input(editor, anchor)];
  return editor.users(weights).size() > 1 ? *volume(editor.dims(weights)) : 0;
}

/// Gives the anchor new weights and bias; false, with nothing changed, when they leave float32's
/// range.
bool set_weights(Editor& editor, int id, const std::vector<double>& weights,
                 const std::vector<double>& bias, int64_t& copies_left) {
  if (!fit_float32(weights) || !fit_float32(bias)) return false;
  const auto at = static_cast<size_t>(weights_input(editor, editor.node(id)));
  copies_left -= copied_weights(editor, editor.node(id));
  std::vector<TensorId> inputs = editor.node(id).inputs;
  const std::string name = editor.tensor(inputs[at]).name;
  const Dims dims = editor.dims(inputs[at]);
  inputs.resize(at);
  inputs.push_back(editor.add_constant(name + "/folded", float_array(dims, weights)));
  if (std::ranges::any_of(bias, [](double b) { return b != 0; }))
    inputs.push_back(editor.add_constant(name + "/bias",
                                         float_array({static_cast<int64_t>(bias.size())}, bias)));
  editor.set_inputs(id, std::move(inputs));
  return true;
}

struct Constants {
  std::vector<double> weights, bias;
  Dims dims;        // of the weights
  int64_t outputs;  // channels
};

Constants constants_of(const Editor& editor, const Node& node) {
  const auto at = static_cast<size_t>(weights_input(editor, node));
  Constants c{constant_values(editor.tensor(node.inputs[at])), {}, editor.dims(node.inputs[at]), 0};
  const Dims& out = editor.dims(node.outputs[0]);
  c.outputs = out[channel_dim(out)];
  c.bias = node.inputs.size() > at + 1 ? constant_values(editor.tensor(node.inputs[at + 1]))
                                       : std::vector<double>(c.outputs, 0);
  return c;
}

/// The output channel of weight i.
int64_t output_of(const Node& node, const Constants& c, int64_t i) {
  int64_t inner = 1;
  for (size_t d = 1; d < c.dims.size(); ++d) inner *= c.dims[d];
  if (node.op != "conv_transpose2d") return i / inner;
  const int64_t per_group = c.dims[1], group = i / inner / (c.dims[0] / node.attr_int("groups", 1));
  return group * per_group + i / (inner / per_group) % per_group;
}

bool fold_after(Editor& editor, int id, int64_t& copies_left) {
  const std::optional<ChannelAffine> affine = affine_of(editor, editor.node(id));
  if (!affine) return false;
  const TensorId x = editor.node(id).inputs[0];
  const int anchor = editor.maker(x);
  if (anchor < 0 || weights_input(editor, editor.node(anchor)) < 0 || !editor.only_use(x) ||
      copied_weights(editor, editor.node(anchor)) > copies_left)
    return false;
  Constants c = constants_of(editor, editor.node(anchor));
  for (size_t i = 0; i < c.weights.size(); ++i)
    c.weights[i] *= affine->scale_at(output_of(editor.node(anchor), c, static_cast<int64_t>(i)));
  for (int64_t k = 0; k < c.outputs; ++k)
    c.bias[k] = c.bias[k] * affine->scale_at(k) + affine->shift_at(k);
  return set_weights(editor, anchor, c.weights, c.bias, copies_left) && editor.bypass(id, x);
}

bool fold_before(Editor& editor, int id, int64_t& copies_left) {
  const Node& anchor = editor.node(id);
  if (anchor.op != "conv2d" && anchor.op != "gemm") return false;
  const TensorId x = anchor.inputs[0];
  const int before = editor.maker(x);
  if (before < 0 || !editor.only_use(x) || copied_weights(editor, anchor) > copies_left)
    return false;
  const std::optional<ChannelAffine> affine = affine_of(editor, editor.node(before));
  if (!affine) return false;
  const bool padded = anchor.attr_int("pad_top", 0) + anchor.attr_int("pad_left", 0) +
                          anchor.attr_int("pad_bottom", 0) + anchor.attr_int("pad_right", 0) >
                      0;
  if (padded && !affine->is_scaling()) return false;
  Constants c = constants_of(editor, anchor);
  const int64_t taps = c.dims.size() == 4 ? c.dims[2] * c.dims[3] : 1, depth = c.dims[1];
  const int64_t per_group = c.dims[0] / anchor.attr_int("groups", 1);
  for (size_t i = 0; i < c.weights.size(); ++i) {
    const int64_t k = static_cast<int64_t>(i) / (depth * taps);
    const int64_t channel = k / per_group * depth + static_cast<int64_t>(i) / taps % depth;
    c.bias[k] += c.weights[i] * affine->shift_at(channel);
    c.weights[i] *= affine->scale_at(channel);
  }
  if (!set_weights(editor, id, c.weights, c.bias, copies_left)) return false;
  std::vector<TensorId> inputs = editor.node(id).inputs;
  inputs[0] = editor.node(before).inputs[0];
  editor.set_inputs(id, std::move(inputs));
  editor.erase(before);
  return true;
}

template <class F>
Status for_each_node(Network& network, F&& f) {
  Editor editor(network);
  for (int id = 0; id < editor.node_count(); ++id)
    while (!editor.node(id).op.empty() && f(editor, id)) {
    }
  return editor.commit();
}

}  // namespace

Status merge_affines(Network& network) {
  return for_each_node(network, [](Editor& editor, int id) {
    const std::optional<ChannelAffine> second = affine_of(editor, editor.node(id));
    if (!second) return false;
    const TensorId x = editor.node(id).inputs[0];
    const int before = editor.maker(x);
    if (before < 0 || !editor.only_use(x)) return false;
    const std::optional<ChannelAffine> first = affine_of(editor, editor.node(before));
    if (!first) return false;
    set_affine(editor, id, editor.node(before).inputs[0], compose(*second, *first));
    editor.erase(before);
    return true;
  });
}

Status fold_affine_after(Network& network) {
  return for_each_node(network,
                       [copies_left = most_copied_weights](Editor& editor, int id) mutable {
                         return fold_after(editor, id, copies_left);
                       });
}
Status fold_affine_before(Network& network) {
  return for_each_node(network,
                       [copies_left = most_copied_weights](Editor& editor, int id) mutable {
                         return fold_before(editor, id, copies_left);
                       });
}

}  // namespace tenfold::graph
