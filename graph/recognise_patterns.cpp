#include "graph/recognise_patterns.h"

#include "graph/edit.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

bool recognise_shuffle(Editor& editor, int id) {
  const Node& node = editor.node(id);
  if (node.op != "reshape") return false;
  const int turned = editor.maker(node.inputs[0], "transpose");
  if (turned < 0) return false;
  const TensorId split = editor.node(turned).inputs[0];
  const int before = editor.maker(split, "reshape");
  if (before < 0) return false;
  const TensorId x = editor.node(before).inputs[0];
  const Dims &in = editor.dims(x), &parts = editor.dims(split);
  if (in.size() != 4 || editor.dims(node.outputs[0]) != in || parts.size() < 4) return false;
  std::vector<int64_t> perm{0, 2, 1};
  for (size_t i = 3; i < parts.size(); ++i) perm.push_back(static_cast<int64_t>(i));
  if (editor.node(turned).attr_ints("perm", {}) != perm || parts[0] != in[0] ||
      parts[1] * parts[2] != in[1])
    return false;
  editor.node(id).op = "channel_shuffle";
  editor.node(id).attrs = {{"groups", parts[1]}};
  editor.set_inputs(id, {x});
  return true;
}

}  // namespace

Status recognise_channel_shuffles(Network& network) {
  Editor editor(network);
  for (int id = 0; id < editor.node_count(); ++id) recognise_shuffle(editor, id);
  return editor.commit();
}

Status recognise_global_pools(Network& network) {
  for (Node& node : network.nodes) {
    if (node.op != "avg_pool2d" && node.op != "max_pool2d") continue;
    const Dims& in = network.tensors[node.inputs[0]].dims;
    bool whole = node.attr_int("kernel_h", 0) == in[2] && node.attr_int("kernel_w", 0) == in[3];
    for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"})
      whole = whole && node.attr_int(name, 0) == 0;
    for (const char* name : {"dilation_h", "dilation_w"})
      whole = whole && node.attr_int(name, 1) == 1;
    if (!whole) continue;
    node.op = node.op == "avg_pool2d" ? "global_avg_pool" : "global_max_pool";
    node.attrs.clear();
  }
  return check(network);
}

}  // namespace tenfold::graph
