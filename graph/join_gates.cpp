#include "graph/join_gates.h"

#include "graph/edit.h"

namespace tenfold::graph {
namespace {

bool is_not_negative(const Editor& editor, TensorId x) {
  const int maker = editor.maker(x);
  if (maker < 0) return false;
  const Node& node = editor.network().nodes[maker];
  if (node.op == "clip") return node.attr_floats("values", {})[0] >= 0;
  return node.op == "relu" || node.op == "sigmoid" || node.op == "hard_sigmoid" ||
         node.op == "abs" || node.op == "exp" || node.op == "softplus";
}

/// The gate of x in the product `tensor`, or no_tensor.
TensorId gate_of(const Editor& editor, TensorId tensor, TensorId x) {
  const int product = editor.maker(tensor, "mul");
  if (product < 0 || !editor.only_use(tensor)) return no_tensor;
  const std::vector<TensorId>& inputs = editor.network().nodes[product].inputs;
  if (inputs.size() != 2 || inputs[0] != x || inputs[1] == x) return no_tensor;
  const Tensor& gate = editor.tensor(inputs[1]);
  const bool smaller = gate.dims.size() == 4 && *volume(gate.dims) < *volume(editor.dims(x));
  return smaller && !gate.constant ? inputs[1] : no_tensor;
}

Dims joined_dims(const Dims& a, const Dims& b) {
  Dims dims = a;
  for (size_t d = 0; d < dims.size(); ++d) dims[d] = std::max(a[d], b[d]);
  return dims;
}

void join(Editor& editor, int id) {
  const Node& node = editor.node(id);
  if ((node.op != "add" && node.op != "max") || node.inputs.size() != 2) return;
  const int product = editor.maker(node.inputs[0], "mul");
  if (product < 0) return;
  const TensorId x = editor.node(product).inputs[0];
  TensorId a = gate_of(editor, node.inputs[0], x), b = gate_of(editor, node.inputs[1], x);
  if (a == no_tensor || b == no_tensor || a == b) return;
  if (node.op == "max" && !is_not_negative(editor, x)) return;
  const Dims dims = joined_dims(editor.dims(a), editor.dims(b));
  if (dims == editor.dims(b)) std::swap(a, b);
  const TensorId gate = editor.add_computed(editor.tensor(node.outputs[0]).name + "/gate", dims);
  Node joined{node.op, node.name, {}, {a, b}, {gate}};
  editor.node(id).op = "mul";
  editor.insert(id, std::move(joined));
  editor.set_inputs(id, {x, gate});
}

}  // namespace

Status join_gates(Network& network) {
  Editor editor(network);
  const int count = editor.node_count();
  for (int id = 0; id < count; ++id)
    if (!editor.node(id).op.empty()) join(editor, id);
  return editor.commit();
}

}  // namespace tenfold::graph
