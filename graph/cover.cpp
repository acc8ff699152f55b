#include "graph/cover.h"

#include <algorithm>

#include "graph/chains.h"
#include "graph/fused_blocks.h"
#include "graph/prologues.h"
#include "graph/squeeze_excite.h"
#include "graph/upsampling.h"

namespace tenfold::graph {
namespace {

Result<Candidate> build(const PlanContext& context, const Group& group) {
  if (group.anchor >= 0 && is_copy(context.network.nodes[group.anchor]))
    return build_copy(context, group.anchor);
  return build_task(context, group);
}

// The longest beginning of the group that an operator takes, and then the same for the rest of it.
Status build_in_parts(const PlanContext& context, Group group, std::vector<Group>& parts,
                      std::vector<Candidate>& made) {
  while (true) {
    Group rest;
    while (true) {
      auto candidate = build(context, group);
      if (candidate) {
        made.push_back(*std::move(candidate));
        parts.push_back(group);
        break;
      }
      if (group.epilogue.empty() || (group.anchor < 0 && group.epilogue.size() == 1))
        return candidate.error();
      rest.epilogue.insert(rest.epilogue.begin(), group.epilogue.back());
      group.epilogue.pop_back();
    }
    if (rest.epilogue.empty()) return {};
    group = std::move(rest);
  }
}

// Forms of two or three groups in one kernel, which compete with those apart.
class Joiner {
 public:
  Joiner(const PlanContext& context, const std::vector<Group>& groups)
      : context_(context), groups_(groups), group_of_(context.network.nodes.size(), -1) {
    for (size_t g = 0; g < groups.size(); ++g)
      for (int node : groups[g].nodes()) group_of_[node] = static_cast<int>(g);
  }

  void add_joined(const Group& group, std::vector<Candidate>& made) const {
    if (group.anchor < 0) return;
    if (const Group* before = maker_of(context_.network.nodes[group.anchor].inputs[0]))
      add(with_prologue(context_, *before, group), made);
    if (group.epilogue.empty()) return;
    const ChainLink& first = group.epilogue.front();
    const Node& stage = context_.network.nodes[first.node];
    if (stage.inputs.size() != 2) return;
    if (const Group* chain = maker_of(stage.inputs[1 - first.chain_input]))
      add(with_upsampling(context_, *chain, group), made);
  }

  /// Precondition: made[i] is groups[i]'s own candidate.
  void add_fused(size_t pointwise, std::vector<Candidate>& made) const {
    const int depthwise = group_before(static_cast<int>(pointwise));
    if (depthwise < 0) return;
    if (auto pair = depthwise_then_pointwise(context_, made[depthwise], made[pointwise]))
      made.push_back(*std::move(pair));
    const int expand = group_before(depthwise);
    if (expand < 0) return;
    if (auto block =
            expand_depthwise_project(context_, made[expand], made[depthwise], made[pointwise]))
      made.push_back(*std::move(block));
  }

  /// The same for the last layer of a gate.
  void add_gate(size_t excite, std::vector<Candidate>& made) const {
    const int reduce = group_before(static_cast<int>(excite));
    const int pool = reduce < 0 ? -1 : group_before(reduce);
    if (pool < 0) return;
    if (auto gate = squeeze_then_excite(context_, made[pool], made[reduce], made[excite]))
      made.push_back(*std::move(gate));
  }

 private:
  int group_before(int group) const {
    if (groups_[group].anchor < 0) return -1;
    const int maker =
        maker_past_views(context_, context_.network.nodes[groups_[group].anchor].inputs[0]);
    return maker < 0 ? -1 : group_of_[maker];
  }

  const Group* maker_of(TensorId tensor) const {
    const int maker = context_.uses.maker[tensor];
    return maker < 0 || group_of_[maker] < 0 ? nullptr : &groups_[group_of_[maker]];
  }

  // An operator that does not take the joined form simply has no such candidate.
  void add(const std::optional<Group>& joined, std::vector<Candidate>& made) const {
    if (!joined) return;
    if (auto candidate = build_task(context_, *joined)) made.push_back(*std::move(candidate));
  }

  const PlanContext& context_;
  const std::vector<Group>& groups_;
  std::vector<int> group_of_;
};

}  // namespace

Result<std::vector<Candidate>> cover(const PlanContext& context) {
  std::vector<Candidate> candidates;
  std::vector<Group> groups;
  for (Group& chain : find_chains(context))
    TENFOLD_CHECK(build_in_parts(context, std::move(chain), groups, candidates));
  const Joiner joiner(context, groups);
  for (size_t group = 0; group < groups.size(); ++group) {
    joiner.add_fused(group, candidates);
    joiner.add_gate(group, candidates);
  }
  for (const Group& group : groups) joiner.add_joined(group, candidates);
  return candidates;
}

}  // namespace tenfold::graph
