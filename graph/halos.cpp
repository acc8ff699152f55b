#include "graph/halos.h"

#include <algorithm>

#include "dsl/transpose_side.h"
#include "graph/task_attrs.h"

namespace tenfold::graph {
namespace {

// The owner of the root that holds the tensor with its rows and columns whole, or no_tensor.
TensorId whole_map_owner(const Network& network, const Links& links, TensorId tensor) {
  const Dims& dims = network.tensors[tensor].dims;
  while (true) {
    const Link& link = links.of[tensor];
    if (link.kind == Link::none) return tensor;
    if (link.kind == Link::reshape_into || link.kind == Link::transpose_into) return no_tensor;
    tensor = link.parent;
    const Dims& outer = network.tensors[tensor].dims;
    if (outer.size() != 4 || outer[2] != dims[2] || outer[3] != dims[3]) return no_tensor;
  }
}

bool worthwhile(const Dims& owner, const Halo& halo, const LayoutRule& rule) {
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const double height = real(owner[2]) + real(halo.top) + real(halo.bottom),
               width = real(owner[3]) + real(halo.left) + real(halo.right),
               share = height * width / (real(owner[2]) * real(owner[3])) - 1;
  return share <= rule.halo_share ||
         real(owner[0]) * height * width * real(owner[1]) * 4 <= real(rule.halo_bytes);
}

}  // namespace

Halo zero_padding(const Network& network, const Node& node) {
  if (node.op == "conv_transpose2d") {
    Task task;
    task.attrs = task_attrs(node, 4);
    const auto view = [&](TensorId tensor) {
      const Dims& d = network.tensors[tensor].dims;
      return View{.dims = {d[0], d[2], d[3], d[1]}};
    };
    task.inputs = {view(node.inputs[0])};
    task.outputs = {view(node.outputs[0])};
    return dsl::transpose_reach(task);
  }
  if (node.op != "conv2d") return {};
  return {node.attr_int("pad_top", 0), node.attr_int("pad_left", 0), node.attr_int("pad_bottom", 0),
          node.attr_int("pad_right", 0)};
}

std::vector<Halo> find_halos(const Network& network, const Uses& uses, const Links& links,
                             const LayoutRule& rule) {
  std::vector<Halo> halos(network.tensors.size());
  for (const Node& node : network.nodes) {
    const Halo padding = zero_padding(network, node);
    if (padding == Halo{}) continue;
    const TensorId owner = whole_map_owner(network, links, node.inputs[0]);
    if (owner == no_tensor || uses.is_input[owner] || uses.is_output[owner]) continue;
    if (!worthwhile(network.tensors[owner].dims, padding, rule)) continue;
    Halo& halo = halos[owner];
    halo = {std::max(halo.top, padding.top), std::max(halo.left, padding.left),
            std::max(halo.bottom, padding.bottom), std::max(halo.right, padding.right)};
  }
  return halos;
}

}  // namespace tenfold::graph
