#include "graph/simplify.h"

#include <algorithm>
#include <numeric>

#include "graph/channel_affine.h"
#include "graph/edit.h"

namespace tenfold::graph {
namespace {

bool is_identity(const Editor& editor, const Node& node) {
  const std::string& op = node.op;
  const bool same_dims =
      node.inputs.size() == 1 && editor.dims(node.inputs[0]) == editor.dims(node.outputs[0]);
  if (op == "map" || op == "reshape" || op == "slice" || op == "concat" || op == "pad")
    return same_dims;
  if (op == "channel_shuffle") {
    const int64_t groups = node.attr_int("groups", 1);
    return groups == 1 || groups == editor.dims(node.inputs[0])[1];
  }
  if (op == "transpose") {
    const std::vector<int64_t> perm = node.attr_ints("perm", {});
    return std::ranges::is_sorted(perm);
  }
  const auto affine = affine_of(editor, node);
  return affine && affine->is_identity();
}

/// True when only dims of extent 1 change places.
bool keeps_order(const Dims& dims, const std::vector<int64_t>& perm) {
  std::vector<int64_t> wide;
  for (int64_t d : perm)
    if (dims[d] != 1) wide.push_back(d);
  return std::ranges::is_sorted(wide);
}

bool join_with_maker(Editor& editor, int id) {
  Node& node = editor.node(id);
  if (node.inputs.empty()) return false;
  const TensorId x = node.inputs[0];
  if (const int before = editor.maker(x, "reshape"); node.op == "reshape" && before >= 0) {
    editor.set_inputs(id, {editor.node(before).inputs[0]});
    return true;
  }
  if (const int before = editor.maker(x, "transpose"); node.op == "transpose" && before >= 0) {
    const std::vector<int64_t> first = editor.node(before).attr_ints("perm", {});
    std::vector<int64_t> perm = node.attr_ints("perm", {});
    for (int64_t& d : perm) d = first[d];
    node.attrs["perm"] = perm;
    editor.set_inputs(id, {editor.node(before).inputs[0]});
    return true;
  }
  if (node.op == "transpose" && keeps_order(editor.dims(x), node.attr_ints("perm", {}))) {
    node.op = "reshape";
    node.attrs.clear();
    return true;
  }
  const auto bounds = [](const Node& n) -> std::vector<double> {
    return n.op == "relu" ? std::vector<double>{0, 3.4028234663852886e38}
                          : n.attr_floats("values", {});
  };
  const auto clips = [](const Node& n) { return n.op == "relu" || n.op == "clip"; };
  if (const int before = editor.maker(x);
      clips(node) && before >= 0 && clips(editor.node(before)) && editor.only_use(x)) {
    const std::vector<double> a = bounds(editor.node(before)), b = bounds(node);
    const double low = std::clamp(a[0], b[0], b[1]), high = std::clamp(a[1], b[0], b[1]);
    const bool relu = low == 0 && high > 3.4e38;
    node.op = relu ? "relu" : "clip";
    node.attrs.clear();
    if (!relu) node.attrs["values"] = std::vector<double>{low, high};
    editor.set_inputs(id, {editor.node(before).inputs[0]});
    return true;
  }
  return false;
}

}  // namespace

Status simplify(Network& network) {
  Editor editor(network);
  for (int id = 0; id < editor.node_count(); ++id) {
    while (join_with_maker(editor, id)) {
    }
    Node& node = editor.node(id);
    if (node.op.empty() || !is_identity(editor, node)) continue;
    if (editor.bypass(id, node.inputs[0])) continue;
    node.op = "map";
    node.attrs.clear();
    editor.set_inputs(id, {node.inputs[0]});
  }
  return editor.commit();
}

}  // namespace tenfold::graph
