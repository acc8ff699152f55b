#include "graph/absorb_shuffles.h"

#include <algorithm>
#include <map>
#include <ranges>

#include "dsl/stage.h"
#include "graph/reorder.h"
#include "graph/uses.h"

namespace tenfold::graph {
namespace {

using Order = std::vector<int64_t>;  // out channel c is in channel order[c]

Order inverse(const Order& order) {
  Order result(order.size());
  for (size_t i = 0; i < order.size(); ++i) result[order[i]] = static_cast<int64_t>(i);
  return result;
}

Order shuffle_order(int64_t channels, int64_t groups) {
  Order order(static_cast<size_t>(channels));
  for (int64_t c = 0; c < channels; ++c) order[c] = (c % groups) * (channels / groups) + c / groups;
  return order;
}

// Constant inputs of a node that carry one value a channel, and the axis on which they do; nothing
// when the node cannot take its input's channels in another order.
struct Absorber {
  std::map<int, size_t> axis_of_input;
  bool ends_here = false;       // its output's channels are in their own order
  bool reads_shuffled = false;  // a grouped convolution takes its channels from where they are
};

bool is_pool(const std::string& op) {
  return op == "max_pool2d" || op == "avg_pool2d" || op == "lp_pool2d" || op == "global_avg_pool" ||
         op == "global_max_pool" || op == "resize2d" || op == "map";
}

bool find_absorber(const Network& network, const Node& node, TensorId input, Absorber& found) {
  if (std::ranges::count(node.inputs, input) != 1 || node.inputs[0] != input) return false;
  const Dims& in = network.tensors[input].dims;
  const Dims& out = network.tensors[node.outputs[0]].dims;
  if (node.op == "conv2d") {
    const int64_t groups = node.attr_int("groups", 1);
    if (groups == 1) return found = {{{1, 1}}, true}, true;
    if (groups != in[1]) return found = {{}, true, true}, node.attr_int("shuffle", 1) == 1;
    if (out[1] != in[1]) return false;
    for (size_t i = 1; i < node.inputs.size(); ++i) found.axis_of_input[static_cast<int>(i)] = 0;
    return true;
  }
  if (is_pool(node.op)) return node.inputs.size() == 1 && out[1] == in[1];
  const auto kind = dsl::find_stage(node.op);
  if (!kind || (*kind)->needs == dsl::StageNeeds::operand) return false;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (network.tensors[node.inputs[i]].dims != Dims{in[1]}) return false;
    found.axis_of_input[static_cast<int>(i)] = 0;
  }
  return true;
}

// Collects the readers of `tensor` that must be reordered; false when one of them cannot be.
bool collect(const Network& network, const Uses& uses, TensorId tensor,
             std::map<int, Absorber>& absorbers) {
  if (uses.is_output[tensor] || uses.readers[tensor].empty()) return false;
  for (int reader : uses.readers[tensor]) {
    const Node& node = network.nodes[reader];
    Absorber absorber;
    if (!find_absorber(network, node, tensor, absorber)) return false;
    absorbers[reader] = absorber;
    if (!absorber.ends_here && !collect(network, uses, node.outputs[0], absorbers)) return false;
  }
  return true;
}

}  // namespace

Status absorb_shuffles(Network& network) {
  // Of shuffles in a row, the last goes first.
  for (Node& node : network.nodes | std::views::reverse) {
    if (node.op != "channel_shuffle") continue;
    std::map<int, Absorber> absorbers;
    if (!collect(network, find_uses(network), node.outputs[0], absorbers)) continue;
    const int64_t channels = network.tensors[node.inputs[0]].dims[1],
                  groups = node.attr_int("groups", 1);
    // y[c] = x[order[c]], and the readers get x: their constant for x's channel order[c] is the one
    // they had for c.
    const Order place = inverse(shuffle_order(channels, groups));
    for (const auto& [reader, absorber] : absorbers) {
      Node& user = network.nodes[reader];
      for (const auto& [input, axis] : absorber.axis_of_input) {
        const TensorId old = user.inputs[input];
        Array reordered = permuted(*network.tensors[old].constant, axis, place);
        user.inputs[input] = add_reordered(network, old, std::move(reordered));
      }
      if (absorber.reads_shuffled) user.attrs["shuffle"] = groups;
      std::ranges::replace(user.inputs, node.outputs[0], node.inputs[0]);
      // What it makes is no longer the model's tensor of that name.
      if (!absorber.ends_here) network.tensors[user.outputs[0]].name += "/unshuffled";
    }
    node = {};
  }
  std::erase_if(network.nodes, [](const Node& node) { return node.op.empty(); });
  return check(network);
}

}  // namespace tenfold::graph
