#include "graph/prologues.h"

#include <algorithm>

#include "dsl/stage.h"

namespace tenfold::graph {
namespace {

constexpr size_t most_stages = 3;

bool takes_prologue(const Node& anchor) {
  return anchor.op == "conv2d" || anchor.op == "global_avg_pool" || anchor.op == "global_max_pool";
}

bool loads_cheaply(const PlanContext& context, const ChainLink& link) {
  const Node& node = context.network.nodes[link.node];
  const auto kind = dsl::find_stage(node.op);
  if (!kind) return false;
  if ((*kind)->needs != dsl::StageNeeds::operand) return true;
  if (node.op != "mul" || node.inputs.size() != 2) return false;
  const Tensor& gate = context.network.tensors[node.inputs[1 - link.chain_input]];
  return !gate.constant && gate.dims.size() == 4 && gate.dims[2] == 1 && gate.dims[3] == 1;
}

}  // namespace

std::optional<Group> with_prologue(const PlanContext& context, const Group& before,
                                   const Group& reader) {
  if (before.anchor >= 0 || before.epilogue.size() > most_stages || reader.anchor < 0 ||
      !reader.prologue.empty())
    return std::nullopt;
  const Node& anchor = context.network.nodes[reader.anchor];
  const TensorId made = context.network.nodes[before.epilogue.back().node].outputs[0];
  if (!takes_prologue(anchor) || anchor.inputs[0] != made ||
      !context.uses.only_reader(made, reader.anchor))
    return std::nullopt;
  const Node& first = context.network.nodes[before.epilogue.front().node];
  if (context.network.tensors[first.inputs[before.epilogue.front().chain_input]].dims !=
      context.network.tensors[made].dims)
    return std::nullopt;
  if (!std::ranges::all_of(before.epilogue,
                           [&](const ChainLink& link) { return loads_cheaply(context, link); }))
    return std::nullopt;
  Group joined = reader;
  joined.prologue = before.epilogue;
  return joined;
}

}  // namespace tenfold::graph
