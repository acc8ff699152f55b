#include "graph/cover.h"

#include <algorithm>

#include "graph/chains.h"
#include "graph/prologues.h"

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

}  // namespace

Result<std::vector<Candidate>> cover(const PlanContext& context) {
  std::vector<Candidate> candidates;
  std::vector<Group> groups;
  for (Group& chain : find_chains(context))
    TENFOLD_CHECK(build_in_parts(context, std::move(chain), groups, candidates));

  std::vector<int> group_of(context.network.nodes.size(), -1);
  for (size_t g = 0; g < groups.size(); ++g)
    for (int node : groups[g].nodes()) group_of[node] = static_cast<int>(g);
  for (const Group& reader : groups) {
    if (reader.anchor < 0) continue;
    const int maker = context.uses.maker[context.network.nodes[reader.anchor].inputs[0]];
    if (maker < 0 || group_of[maker] < 0) continue;
    const auto joined = with_prologue(context, groups[group_of[maker]], reader);
    if (!joined) continue;
    // An operator that takes no prologue simply has no such candidate.
    if (auto candidate = build_task(context, *joined)) candidates.push_back(*std::move(candidate));
  }
  return candidates;
}

}  // namespace tenfold::graph
