#include "graph/pair_halves.h"

#include <algorithm>
#include <optional>

#include "graph/reorder.h"
#include "graph/uses.h"

namespace tenfold::graph {
namespace {

struct Block {
  int concat = -1, shuffle = -1;
  std::vector<int> lower, upper;  // slices
  int64_t channels = 0;           // of one operand
};

bool is_plain_pointwise(const Network& network, const Node& node, TensorId input) {
  const auto one = [&](const char* name, int64_t otherwise) {
    return node.attr_int(name, otherwise) == otherwise;
  };
  return node.op == "conv2d" && node.inputs[0] == input &&
         std::ranges::count(node.inputs, input) == 1 && network.tensors[node.inputs[1]].constant &&
         one("groups", 1) && one("kernel_h", 1) && one("kernel_w", 1) && one("stride_h", 1) &&
         one("stride_w", 1) && one("pad_top", 0) && one("pad_left", 0) && one("pad_bottom", 0) &&
         one("pad_right", 0);
}

std::optional<Block> find_block(const Network& network, const Uses& uses, int shuffle) {
  const Node& node = network.nodes[shuffle];
  if (node.op != "channel_shuffle" || node.attr_int("groups", 1) != 2) return std::nullopt;
  Block block;
  block.shuffle = shuffle;
  block.concat = uses.maker[node.inputs[0]];
  if (block.concat < 0 || !uses.only_reader(node.inputs[0], shuffle) ||
      uses.is_output[node.outputs[0]])
    return std::nullopt;
  const Node& concat = network.nodes[block.concat];
  if (concat.op != "concat" || concat.attr_int("axis", 1) != 1 || concat.inputs.size() != 2)
    return std::nullopt;
  Dims half = network.tensors[concat.inputs[0]].dims;
  block.channels = half[1];
  if (half != network.tensors[concat.inputs[1]].dims || block.channels % 2) return std::nullopt;

  for (int reader : uses.readers[node.outputs[0]]) {
    const Node& slice = network.nodes[reader];
    if (slice.op != "slice" || network.tensors[slice.outputs[0]].dims != half) return std::nullopt;
    const auto starts = slice.attr_ints("starts", {}),
               steps = slice.attr_ints("steps", {1, 1, 1, 1});
    if (std::ranges::any_of(steps, [](int64_t step) { return step != 1; })) return std::nullopt;
    if (starts == Dims{0, 0, 0, 0}) {
      block.lower.push_back(reader);
    } else if (starts == Dims{0, block.channels, 0, 0}) {
      const TensorId made = slice.outputs[0];
      if (uses.is_output[made] || !std::ranges::all_of(uses.readers[made], [&](int user) {
            return is_plain_pointwise(network, network.nodes[user], made);
          }))
        return std::nullopt;
      block.upper.push_back(reader);
    } else {
      return std::nullopt;
    }
  }
  return block;
}

// {K, 2c, 1, 1} -> {K, c, 1, 2}: the same elements in the same order.
Array paired_weights(const Array& weights) {
  Array made(DType::f32, {weights.dims()[0], weights.dims()[1] / 2, 1, 2});
  std::ranges::copy(weights.as<float>(), made.as<float>().begin());
  return made;
}

void rewrite(Network& network, const Uses& uses, const Block& block) {
  Node& concat = network.nodes[block.concat];
  const Dims half = network.tensors[concat.inputs[0]].dims;
  const Dims wide{half[0], half[1], half[2], 2 * half[3]},
      cut{half[0], half[1] / 2, half[2], 2 * half[3]};
  const auto computed = [&](const std::string& name, const Dims& dims) {
    return network.add_tensor({name, DType::f32, dims, true, nullptr});
  };
  const TensorId pairs = computed(network.nodes[block.shuffle].name + "/pairs", wide);
  concat.op = "interleave";
  concat.attrs["axis"] = int64_t{3};
  concat.outputs = {pairs};
  network.nodes[block.shuffle].op.clear();

  const auto half_slice = [&](int id, int64_t first) {
    Node& slice = network.nodes[id];
    const TensorId made = computed(slice.name + "/pairs", cut);
    slice.attrs = {{"starts", Dims{0, first, 0, 0}}, {"steps", Dims{1, 1, 1, 1}}};
    slice.inputs = {pairs};
    slice.outputs = {made};
    return made;
  };
  for (int id : block.upper) {
    const TensorId before = network.nodes[id].outputs[0];
    const TensorId made = half_slice(id, half[1] / 2);
    for (int user : uses.readers[before]) {
      Node& conv = network.nodes[user];
      conv.attrs["kernel_w"] = conv.attrs["stride_w"] = int64_t{2};
      Array weights = paired_weights(*network.tensors[conv.inputs[1]].constant);
      conv.inputs[1] = add_reordered(network, conv.inputs[1], std::move(weights));
      conv.inputs[0] = made;
    }
  }
  for (int id : block.lower) {
    const TensorId before = network.nodes[id].outputs[0];
    const TensorId made = half_slice(id, 0);
    Node join{"join_pairs", network.nodes[id].name, {}, {made}, {before}};
    network.nodes.push_back(std::move(join));  // moved behind its slice below
  }
}

}  // namespace

Status pair_halves(Network& network) {
  const size_t before = network.nodes.size();
  const Uses uses = find_uses(network);
  for (size_t id = 0; id < before; ++id)
    if (const auto block = find_block(network, uses, static_cast<int>(id)))
      rewrite(network, uses, *block);

  std::vector<Node> ordered;
  for (size_t id = 0; id < before; ++id) {
    if (network.nodes[id].op.empty()) continue;
    ordered.push_back(std::move(network.nodes[id]));
    for (size_t join = before; join < network.nodes.size(); ++join)
      if (!network.nodes[join].inputs.empty() &&
          network.nodes[join].inputs[0] == ordered.back().outputs[0])
        ordered.push_back(std::move(network.nodes[join]));
  }
  network.nodes = std::move(ordered);
  return check(network);
}

}  // namespace tenfold::graph
