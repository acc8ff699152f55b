#include "graph/lift_stages.h"

#include <algorithm>
#include <iterator>

#include "graph/channel_affine.h"
#include "graph/edit.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

constexpr const char* plain[] = {
    "relu",      "sigmoid",    "tanh",       "silu",         "hard_swish", "mish",  "gelu",
    "gelu_tanh", "erf",        "exp",        "log",          "sqrt",       "abs",   "neg",
    "softplus",  "selu",       "reciprocal", "floor",        "ceil",       "round", "clip",
    "affine",    "leaky_relu", "elu",        "hard_sigmoid", "pow"};
constexpr const char* channel[] = {"bias", "scale", "prelu", "scale_shift"};
constexpr const char* binary[] = {"add", "sub", "mul", "div", "max", "min", "rsub", "rdiv"};

template <size_t n>
bool among(const char* const (&list)[n], const std::string& op) {
  return std::ranges::find(list, op) != std::end(list);
}

/// True when element i of both shapes belongs to the same channel, for every i.
bool same_channels(const Dims& a, const Dims& b) {
  const size_t i = channel_dim(a), j = channel_dim(b);
  return !a.empty() && !b.empty() && a[i] == b[j] &&
         product(a, i + 1, a.size()) == product(b, j + 1, b.size());
}

/// The tensor behind reshapes that nothing else reads, or no_tensor.
TensorId behind(const Editor& editor, TensorId x) {
  TensorId source = x;
  for (int id = editor.maker(x, "reshape"); id >= 0 && editor.only_use(source);
       id = editor.maker(source, "reshape"))
    source = editor.network().nodes[id].inputs[0];
  return source == x || editor.tensor(source).constant ? no_tensor : source;
}

/// The node makes a tensor of the source's dims, and a reshape behind it what it made so far. It
/// still reads what it read.
void lift_over_reshape(Editor& editor, int id, TensorId source) {
  const TensorId result = editor.node(id).outputs[0];
  const TensorId early =
      editor.add_computed(editor.tensor(result).name + "/early", editor.dims(source));
  editor.set_output(id, early);
  editor.insert(id, {"reshape", editor.node(id).name, {}, {early}, {result}});
}

void lift(Editor& editor, int id) {
  Node& node = editor.node(id);
  const bool joins = among(binary, node.op);
  if (!joins && !among(plain, node.op) && !among(channel, node.op)) return;
  const TensorId source = behind(editor, node.inputs[0]);
  if (source == no_tensor) return;
  if (const auto affine = last_dim_affine(editor, node)) {
    const Dims& rows = editor.dims(source);
    if (rows.size() == 4 || rows.back() != editor.dims(node.outputs[0]).back()) return;
    lift_over_reshape(editor, id, source);
    set_affine(editor, id, source, *affine);
    return;
  }
  std::vector<TensorId> inputs = node.inputs;
  inputs[0] = source;
  if (among(channel, node.op) && !same_channels(editor.dims(source), editor.dims(node.inputs[0])))
    return;
  if (joins) {
    const TensorId other = behind(editor, node.inputs[1]);
    if (other == no_tensor || node.inputs[0] == node.inputs[1] ||
        editor.dims(other) != editor.dims(source) ||
        editor.dims(node.inputs[0]) != editor.dims(node.inputs[1]))
      return;
    inputs[1] = other;
  }
  lift_over_reshape(editor, id, source);
  editor.set_inputs(id, std::move(inputs));
}

}  // namespace

Status lift_stages(Network& network) {
  Editor editor(network);
  const int count = editor.node_count();
  for (int id = 0; id < count; ++id)
    if (!editor.node(id).op.empty()) lift(editor, id);
  return editor.commit();
}

}  // namespace tenfold::graph
