#include "graph/compose_pointwise.h"

#include <algorithm>

#include "graph/reorder.h"
#include "graph/uses.h"

namespace tenfold::graph {
namespace {

bool has_constants(const Network& network, const Node& node) {
  return node.op == "conv2d" && node.attr_int("groups", 1) == 1 &&
         std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                     [&](TensorId input) { return network.tensors[input].constant != nullptr; });
}

bool is_pointwise(const Node& node) {
  const auto is = [&](int64_t value, std::initializer_list<const char*> names) {
    return std::ranges::all_of(
        names, [&](const char* name) { return node.attr_int(name, value) == value; });
  };
  return is(1, {"kernel_h", "kernel_w", "stride_h", "stride_w"}) &&
         is(0, {"pad_top", "pad_left", "pad_bottom", "pad_right"});
}

bool saves(const Dims& first, const Dims& second) {
  const int64_t taps = first[2] * first[3];
  return second[0] * first[1] * taps < first[0] * first[1] * taps + second[0] * second[1];
}

// result[k, i] = sum over j of b[k, j] * a[j, i], plus `onto`.
Array product(const Array& b, const Array& a, Dims dims, const Array* onto) {
  const int64_t rows = b.dims()[0], inner = b.dims()[1], columns = a.elements() / inner;
  Array result(DType::f32, std::move(dims));
  std::vector<double> sums(static_cast<size_t>(columns));
  for (int64_t k = 0; k < rows; ++k) {
    std::ranges::fill(sums, onto ? onto->as<float>()[k] : 0.0);
    for (int64_t j = 0; j < inner; ++j)
      for (int64_t i = 0; i < columns; ++i)
        sums[i] +=
            static_cast<double>(b.as<float>()[k * inner + j]) * a.as<float>()[j * columns + i];
    std::ranges::copy(sums, result.as<float>().begin() + k * columns);
  }
  return result;
}

void compose(Network& network, Node& first, Node& second) {
  const auto constant = [&](const Node& node, size_t i) {
    return node.inputs.size() > i ? network.tensors[node.inputs[i]].constant : nullptr;
  };
  const auto a = constant(first, 1), b = constant(second, 1);
  const auto a_bias = constant(first, 2), b_bias = constant(second, 2);
  const int64_t outputs = b->dims()[0];
  Node made = first;
  made.name = first.name + "+" + second.name;
  made.outputs = second.outputs;
  made.inputs.resize(2);
  made.inputs[1] =
      add_reordered(network, first.inputs[1],
                    product(*b, *a, {outputs, a->dims()[1], a->dims()[2], a->dims()[3]}, nullptr));
  if (a_bias)
    made.inputs.push_back(
        add_reordered(network, first.inputs[2], product(*b, *a_bias, {outputs}, b_bias.get())));
  else if (b_bias)
    made.inputs.push_back(second.inputs[2]);
  second = std::move(made);
  first.op.clear();
}

}  // namespace

Status compose_pointwise(Network& network) {
  const Uses uses = find_uses(network);
  for (size_t id = 0; id < network.nodes.size(); ++id) {
    Node& second = network.nodes[id];
    if (!has_constants(network, second) || !is_pointwise(second)) continue;
    const int maker = uses.maker[second.inputs[0]];
    if (maker < 0 || !uses.only_reader(second.inputs[0], static_cast<int>(id))) continue;
    Node& first = network.nodes[maker];
    if (!has_constants(network, first)) continue;
    if (saves(network.tensors[first.inputs[1]].dims, network.tensors[second.inputs[1]].dims))
      compose(network, first, second);
  }
  std::erase_if(network.nodes, [](const Node& node) { return node.op.empty(); });
  return check(network);
}

}  // namespace tenfold::graph
