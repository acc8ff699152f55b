#include "graph/links.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "graph/strides.h"

namespace tenfold::graph {
namespace {

bool is_reshape(const Node& node) {
  return node.op == "reshape" || node.op == "flatten";
}
bool is_view_node(const Node& node) {
  return node.op == "slice" && slice_is_view(node);
}

class Linker {
 public:
  Linker(const Network& network, const Uses& uses) : network_(network), uses_(uses) {
    links_.of.resize(network.tensors.size());
  }

  Links run() {
    for (int id = static_cast<int>(network_.nodes.size()) - 1; id >= 0; --id) {
      const Node& node = network_.nodes[id];
      if (node.op == "concat") link_concat(id);
      if (node.op == "interleave") link_interleave(id);
      if (is_reshape(node) || node.op == "transpose") link_into(id);
      if (is_view_node(node)) links_.of[node.outputs[0]] = {Link::view, node.inputs[0], id, 0, 0};
    }
    return std::move(links_);
  }

 private:
  // Something computes the tensor into wherever it is told to. A reshape of dims that have no
  // common cut can only write a dense buffer.
  bool writable(TensorId tensor) const {
    const int maker = uses_.maker[tensor];
    if (maker < 0 || uses_.is_output[tensor] || links_.of[tensor].kind != Link::none) return false;
    const Node& node = network_.nodes[maker];
    if (is_reshape(node) &&
        !has_common_cut(network_.tensors[node.inputs[0]].dims, network_.tensors[tensor].dims))
      return false;
    return !is_view_node(node);
  }

  // All inputs lie side by side in another concatenation's output.
  bool link_as_run(int id) {
    const Node& node = network_.nodes[id];
    const auto axis = static_cast<int>(node.attr_int("axis", 1));
    const Link& first = links_.of[node.inputs[0]];
    int64_t expected = first.offset;
    for (TensorId input : node.inputs) {
      const Link& link = links_.of[input];
      if (link.kind != Link::concat_slice || link.step != 1 || link.parent != first.parent ||
          link.axis != axis || link.offset != expected)
        return false;
      expected += network_.tensors[input].dims[axis];
    }
    links_.of[node.outputs[0]] = {Link::concat_slice, first.parent, id, axis, first.offset};
    return true;
  }

  void link_concat(int id) {
    const Node& node = network_.nodes[id];
    const TensorId output = node.outputs[0];
    if (writable(output) && link_as_run(id)) return;
    const auto axis = static_cast<int>(node.attr_int("axis", 1));
    int64_t offset = 0;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const TensorId input = node.inputs[i];
      if (writable(input))
        links_.of[input] = {Link::concat_slice, output, id, axis, offset};
      else
        links_.copies.push_back({id, static_cast<int>(i)});
      offset += network_.tensors[input].dims[axis];
    }
  }

  void link_interleave(int id) {
    const Node& node = network_.nodes[id];
    const auto axis = static_cast<int>(node.attr_int("axis", 1));
    const auto count = static_cast<int64_t>(node.inputs.size());
    for (int64_t i = 0; i < count; ++i) {
      if (writable(node.inputs[i]))
        links_.of[node.inputs[i]] = {Link::concat_slice, node.outputs[0], id, axis, i, count};
      else
        links_.copies.push_back({id, static_cast<int>(i)});
    }
  }

  void link_into(int id) {
    const Node& node = network_.nodes[id];
    const TensorId input = node.inputs[0], output = node.outputs[0];
    const Link::Kind outer = links_.of[output].kind;
    const bool into_output =
        uses_.is_output[output] || outer == Link::reshape_into || outer == Link::transpose_into;
    // Only a dense buffer in the model's order can be reshaped whatever its dims.
    if (is_reshape(node) && outer == Link::transpose_into) return;
    if (!into_output || !writable(input) || !uses_.only_reader(input, id)) return;
    links_.of[input] = {is_reshape(node) ? Link::reshape_into : Link::transpose_into, output, id, 0,
                        0};
  }

  const Network& network_;
  const Uses& uses_;
  Links links_;
};

// A tensor like `source` and the node that copies it there.
Node copy_node(Network& network, TensorId source, const std::string& node_name,
               const std::string& tensor_name) {
  Tensor made = network.tensors[source];
  made.name = tensor_name;
  made.constant = nullptr;
  return {"map", node_name, {}, {source}, {network.add_tensor(std::move(made))}};
}

// A kernel's operands have a dimension: a constant scalar is copied as a row of one.
TensorId put_out_scalar(Network& network, TensorId scalar, const std::string& name) {
  Array row(DType::f32, {1});
  row.as<float>()[0] = network.tensors[scalar].constant->as<float>()[0];
  const TensorId source = network.add_tensor(
      {name + "/row", DType::f32, {1}, true, std::make_shared<const Array>(std::move(row))});
  network.nodes.push_back(copy_node(network, source, name + "/copy", name + "/copied"));
  const TensorId output = network.add_tensor({name, DType::f32, {}, true, nullptr});
  network.nodes.push_back(
      {"reshape", name + "/reshape", {}, {network.nodes.back().outputs[0]}, {output}});
  return output;
}

Status copy_outputs(Network& network) {
  const Uses uses = find_uses(network);
  std::unordered_set<TensorId> seen;
  for (TensorId& output : network.outputs) {
    const Tensor& tensor = network.tensors[output];
    const int maker = uses.maker[output];
    const bool repeated = !seen.insert(output).second;
    if (!repeated && maker >= 0 && uses.readers[output].empty() &&
        !is_view_node(network.nodes[maker]))
      continue;
    const std::string name = tensor.name;
    const TensorId source = output;
    if (tensor.dims.empty() && tensor.constant) {
      output = put_out_scalar(network, source, name);
      network.tensors[source].name = name + "/value";
      continue;
    }
    network.nodes.push_back(copy_node(network, source, name + "/copy", name));
    output = network.nodes.back().outputs[0];
    if (maker >= 0 || network.tensors[source].constant)
      network.tensors[source].name = name + "/value";
  }
  return {};
}

}  // namespace

bool slice_is_view(const Node& node) {
  const auto steps = node.attr_ints("steps", {});
  return std::ranges::all_of(steps, [](int64_t step) { return step == 1; });
}

Links find_links(const Network& network, const Uses& uses) {
  return Linker(network, uses).run();
}

Status insert_copies(Network& network) {
  TENFOLD_CHECK(copy_outputs(network));
  const Links links = find_links(network, find_uses(network));
  std::map<int, std::vector<int>> inputs_of;
  for (const auto& [node, input] : links.copies) inputs_of[node].push_back(input);

  std::vector<Node> nodes;
  for (size_t id = 0; id < network.nodes.size(); ++id) {
    Node node = std::move(network.nodes[id]);
    for (int input : inputs_of[static_cast<int>(id)]) {
      const TensorId source = node.inputs[input];
      nodes.push_back(copy_node(network, source, node.name + "/copy",
                                node.name + "/copy" + std::to_string(input)));
      node.inputs[input] = nodes.back().outputs[0];
    }
    nodes.push_back(std::move(node));
  }
  network.nodes = std::move(nodes);
  return check(network);
}

}  // namespace tenfold::graph
