#include "graph/chains.h"

#include <algorithm>

#include "dsl/stage.h"

namespace tenfold::graph {
namespace {

constexpr size_t most_stages = 12;   // a kernel's code grows with its chain
constexpr size_t most_operands = 6;  // and each operand takes an address register

bool is_stage(const Node& node) {
  return static_cast<bool>(dsl::find_stage(node.op));
}

class Finder {
 public:
  explicit Finder(const PlanContext& context) : context_(context), network_(context.network) {}

  std::vector<Group> run() {
    group_of_.assign(network_.nodes.size(), -1);
    for (size_t i = 0; i < network_.nodes.size(); ++i) {
      const auto id = static_cast<int>(i);
      if (context_.layout.free_node[i]) continue;
      const int input = is_stage(network_.nodes[i]) ? joining_input(id) : -1;
      if (input >= 0) {
        const int group = group_of_[context_.uses.maker[network_.nodes[i].inputs[input]]];
        groups_[group].epilogue.push_back({id, input});
        operands_[group] += computed_inputs(network_.nodes[i]) - 1;
        group_of_[i] = group;
      } else {
        group_of_[i] = static_cast<int>(groups_.size());
        Group made;
        if (is_stage(network_.nodes[i]))
          made.epilogue = {{id, 0}};
        else
          made.anchor = id;
        groups_.push_back(std::move(made));
        operands_.push_back(computed_inputs(network_.nodes[i]));
      }
    }
    return std::move(groups_);
  }

 private:
  size_t computed_inputs(const Node& node) const {
    return static_cast<size_t>(std::ranges::count_if(
        node.inputs, [&](TensorId input) { return !network_.tensors[input].constant; }));
  }

  // The input through which a stage continues a group, or -1. An anchor's chain comes before a
  // map's, then the later one.
  int joining_input(int id) const {
    const Node& node = network_.nodes[id];
    int best = -1;
    std::pair<bool, int> best_rank{false, -1};
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int group = joinable(id, node.inputs[i]);
      if (group < 0) continue;
      const std::pair<bool, int> rank{groups_[group].anchor >= 0,
                                      context_.uses.maker[node.inputs[i]]};
      if (best < 0 || rank > best_rank) best = static_cast<int>(i), best_rank = rank;
    }
    return best;
  }

  int joinable(int id, TensorId input) const {
    const Node& node = network_.nodes[id];
    const int maker = context_.uses.maker[input];
    if (maker < 0 || group_of_[maker] < 0 || !context_.uses.only_reader(input, id)) return -1;
    if (std::ranges::count(node.inputs, input) != 1) return -1;
    if (network_.tensors[input].dims != network_.tensors[node.outputs[0]].dims) return -1;
    const int group = group_of_[maker];
    const Group& into = groups_[group];
    if (into.epilogue.size() >= most_stages) return -1;
    if (operands_[group] + computed_inputs(node) - 1 > most_operands) return -1;
    if (into.anchor >= 0) {
      const Node& anchor = network_.nodes[into.anchor];
      if (is_copy(anchor)) return -1;
      const bool by_channel = (*dsl::find_stage(node.op))->needs == dsl::StageNeeds::channel1 ||
                              (*dsl::find_stage(node.op))->needs == dsl::StageNeeds::channel2;
      // The last dim of such an anchor's view is not the channel.
      if (by_channel && in_model_order(anchor) && network_.tensors[input].dims.size() == 4)
        return -1;
    }
    return group;
  }

  const PlanContext& context_;
  const Network& network_;
  std::vector<int> group_of_;
  std::vector<Group> groups_;
  std::vector<size_t> operands_;
};

}  // namespace

bool is_copy(const Node& node) {
  return node.op == "reshape" || node.op == "flatten" || node.op == "transpose" ||
         node.op == "slice" || node.op == "join_pairs";
}

std::vector<Group> find_chains(const PlanContext& context) {
  return Finder(context).run();
}

}  // namespace tenfold::graph
