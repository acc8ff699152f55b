#include "graph/merge_convs.h"

#include <algorithm>
#include <map>

#include "dsl/stage.h"
#include "graph/reorder.h"
#include "graph/uses.h"

namespace tenfold::graph {
namespace {

constexpr int64_t lanes = 8;

/// Cycles that a vector takes in a kernel that only applies a function to it: a load, a store and a
/// sigmoid, say.
constexpr double function_cycles = 30;

int64_t vectors(int64_t channels) {
  return (channels + lanes - 1) / lanes;
}

bool is_stage(const Node& node) {
  return static_cast<bool>(dsl::find_stage(node.op));
}

class Merger {
 public:
  explicit Merger(Network& network) : network_(network), uses_(find_uses(network)) {}

  void run() {
    std::map<std::pair<TensorId, std::map<std::string, AttrValue>>, std::vector<int>> alike;
    for (size_t id = 0; id < network_.nodes.size(); ++id)
      if (const Node& node = network_.nodes[id]; is_narrow(node))
        alike[{node.inputs[0], node.attrs}].push_back(static_cast<int>(id));
    std::map<int, std::vector<Node>> parts;  // by the node that they stand behind
    for (const auto& [key, convs] : alike)
      if (convs.size() > 1 && saves(convs)) parts.emplace(convs[0], merge(convs));
    std::vector<Node> nodes;
    for (size_t id = 0; id < network_.nodes.size(); ++id) {
      if (network_.nodes[id].op.empty()) continue;
      nodes.push_back(std::move(network_.nodes[id]));
      if (const auto found = parts.find(static_cast<int>(id)); found != parts.end())
        std::ranges::move(found->second, std::back_inserter(nodes));
    }
    network_.nodes = std::move(nodes);
  }

 private:
  const Dims& weights(int conv) const {
    return network_.tensors[network_.nodes[conv].inputs[1]].dims;
  }

  bool is_narrow(const Node& node) const {
    if (node.op != "conv2d" || node.attr_int("groups", 1) != 1 || uses_.is_output[node.outputs[0]])
      return false;
    for (size_t i = 1; i < node.inputs.size(); ++i)
      if (!network_.tensors[node.inputs[i]].constant) return false;
    return network_.tensors[node.outputs[0]].dims[1] % lanes != 0 &&
           std::ranges::all_of(uses_.readers[node.outputs[0]], [&](int reader) {
             const Node& user = network_.nodes[reader];
             return user.op == "conv2d" || user.op == "deform_conv2d" || is_stage(user);
           });
  }

  bool saves(const std::vector<int>& convs) const {
    int64_t apart = 0, together = 0;
    double functions = 0;
    for (int conv : convs) {
      const int64_t channels = weights(conv)[0];
      apart += vectors(channels);
      together += channels;
      const auto& readers = uses_.readers[network_.nodes[conv].outputs[0]];
      if (readers.size() == 1 && is_stage(network_.nodes[readers[0]]))
        functions += function_cycles * static_cast<double>(vectors(channels));
    }
    const Dims& dims = weights(convs[0]);
    // Two multiply-adds a cycle.
    const double saved =
        static_cast<double>((apart - vectors(together)) * dims[1] * dims[2] * dims[3]) / 2;
    return saved > functions;
  }

  /// The first of them computes all; returns the slices of its output.
  std::vector<Node> merge(const std::vector<int>& convs) {
    Node& first = network_.nodes[convs[0]];
    int64_t channels = 0;
    bool biased = false;
    for (int conv : convs) {
      channels += weights(conv)[0];
      biased |= network_.nodes[conv].inputs.size() > 2;
    }
    Dims dims = weights(convs[0]);
    dims[0] = channels;
    Array all(DType::f32, dims), bias(DType::f32, {channels});
    std::ranges::fill(bias.as<float>(), 0.0f);
    std::vector<Node> slices;
    Tensor output = network_.tensors[first.outputs[0]];
    output.name = first.name + "/all";
    output.dims[1] = channels;
    float* weight = all.as<float>().data();
    float* offset = bias.as<float>().data();
    std::string name;
    for (int conv : convs) {
      const Node& node = network_.nodes[conv];
      const Array& own = *network_.tensors[node.inputs[1]].constant;
      weight = std::ranges::copy(own.as<float>(), weight).out;
      if (node.inputs.size() > 2)
        std::ranges::copy(network_.tensors[node.inputs[2]].constant->as<float>(), offset);
      const int64_t start = offset - bias.as<float>().data();
      slices.push_back({"slice",
                        node.name + "/slice",
                        {{"starts", std::vector<int64_t>{0, start, 0, 0}},
                         {"steps", std::vector<int64_t>{1, 1, 1, 1}}},
                        {},
                        {node.outputs[0]}});
      name += (name.empty() ? "" : "+") + node.name;
      offset += weights(conv)[0];
    }
    Node made = first;
    made.name = name;
    made.inputs = {first.inputs[0], add_reordered(network_, first.inputs[1], std::move(all))};
    if (biased)
      made.inputs.push_back(network_.add_tensor({name + "/bias",
                                                 DType::f32,
                                                 {channels},
                                                 true,
                                                 std::make_shared<const Array>(std::move(bias))}));
    made.outputs = {network_.add_tensor(std::move(output))};
    for (Node& slice : slices) slice.inputs = made.outputs;
    for (int conv : convs) network_.nodes[conv].op.clear();
    network_.nodes[convs[0]] = std::move(made);
    return slices;
  }

  Network& network_;
  const Uses uses_;
};

}  // namespace

Status merge_convs(Network& network) {
  Merger(network).run();
  return check(network);
}

}  // namespace tenfold::graph
