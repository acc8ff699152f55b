#include "graph/planner.h"

#include <algorithm>
#include <map>
#include <set>

#include "dsl/fuse_pixels.h"
#include "graph/absorb_flattens.h"
#include "graph/absorb_shuffles.h"
#include "graph/compose_pointwise.h"
#include "graph/cover.h"
#include "graph/in_place.h"
#include "graph/layout.h"
#include "graph/links.h"
#include "graph/memory.h"
#include "graph/merge_convs.h"
#include "graph/pair_halves.h"
#include "graph/partition.h"

namespace tenfold::graph {
namespace {

/// A network ready for planning, with what was found about it.
struct Prepared {
  Network network;
  Uses uses;
  Layout layout;
  std::vector<Candidate> candidates;
};

Result<Prepared> prepare(const Network& network, const PlanOptions& options) {
  Prepared made;
  made.network = network;
  TENFOLD_CHECK(compose_pointwise(made.network));
  TENFOLD_CHECK(merge_convs(made.network));
  TENFOLD_CHECK(absorb_shuffles(made.network));
  TENFOLD_CHECK(pair_halves(made.network));
  TENFOLD_CHECK(insert_copies(made.network));
  TENFOLD_CHECK(absorb_flattens(made.network));
  made.uses = find_uses(made.network);
  TENFOLD_TRY(made.layout, lay_out(made.network, made.uses, options.layout));
  TENFOLD_TRY(made.candidates, cover({made.network, made.uses, made.layout, options.device}));
  if (options.device == DeviceKind::cpu)
    for (Candidate& candidate : made.candidates)
      candidate.task = dsl::with_fused_pixels(candidate.task);
  return made;
}

std::vector<int> choose(const std::vector<Candidate>& candidates, const CostFunction& cost) {
  std::map<Task, double> known;
  std::vector<CoverItem> items;
  for (const Candidate& candidate : candidates) {
    const auto [found, fresh] = known.try_emplace(candidate.task, 0.0);
    if (fresh) found->second = cost(candidate.task);
    items.push_back({candidate.nodes, found->second});
  }
  return items.empty() ? std::vector<int>{} : cheapest_cover(items);
}

std::vector<Port> ports_of(const Network& network, const std::vector<TensorId>& tensors,
                           const Layout& layout, const std::vector<int>& plan_root) {
  std::vector<Port> ports;
  for (TensorId id : tensors) {
    const Tensor& tensor = network.tensors[id];
    ports.push_back({tensor.name, tensor.type, tensor.dims, plan_root[layout.places[id].root]});
  }
  return ports;
}

}  // namespace

Result<std::vector<Task>> candidate_tasks(const Network& network, const PlanOptions& options) {
  TENFOLD_TRY(Prepared prepared, prepare(network, options));
  std::vector<Task> tasks;
  std::set<Task> seen;
  for (Candidate& candidate : prepared.candidates)
    if (seen.insert(candidate.task).second) tasks.push_back(std::move(candidate.task));
  return tasks;
}

Result<Plan> make_plan(const Network& network, const PlanOptions& options,
                       const CostFunction& cost) {
  TENFOLD_TRY(Prepared prepared, prepare(network, options));
  const Layout& layout = prepared.layout;

  Plan plan;
  plan.name = options.name;
  std::vector<int> plan_root(layout.roots.size(), -1);
  std::vector<View> maps;
  const auto use_root = [&](int root) {
    if (plan_root[root] < 0) {
      plan_root[root] = static_cast<int>(plan.roots.size());
      plan.roots.push_back(layout.roots[root].root);
      maps.push_back(layout.places[layout.roots[root].owner].view);
    }
    return plan_root[root];
  };
  for (TensorId input : prepared.network.inputs) use_root(layout.places[input].root);
  for (TensorId output : prepared.network.outputs) use_root(layout.places[output].root);

  for (int chosen : choose(prepared.candidates, cost)) {
    Candidate& candidate = prepared.candidates[chosen];
    for (Operand& operand : candidate.inputs) operand.root = use_root(operand.root);
    for (Operand& operand : candidate.outputs) operand.root = use_root(operand.root);
    plan.steps.push_back({std::move(candidate.name),
                          std::move(candidate.task),
                          std::move(candidate.inputs),
                          std::move(candidate.outputs),
                          std::move(candidate.params),
                          {},
                          std::move(candidate.tensor)});
  }
  plan.inputs = ports_of(prepared.network, prepared.network.inputs, layout, plan_root);
  plan.outputs = ports_of(prepared.network, prepared.network.outputs, layout, plan_root);
  run_in_place(plan, maps);
  place_roots(plan);
  place_fills(plan, maps);
  return plan;
}

}  // namespace tenfold::graph
