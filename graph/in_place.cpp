#include "graph/in_place.h"

#include "dsl/op.h"
#include "graph/memory.h"

namespace tenfold::graph {
namespace {

bool same_place(const View& a, const View& b) {
  return a.type == b.type && a.dims == b.dims && a.strides == b.strides && a.offset == b.offset;
}

// The only input of the step that lies in the root, or -1.
int only_input(const Step& step, int root) {
  int found = -1;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    if (step.inputs[i].root != root) continue;
    if (found >= 0) return -1;
    found = static_cast<int>(i);
  }
  return found;
}

void replace_root(Plan& plan, int from, int to) {
  for (Step& step : plan.steps) {
    for (Operand& operand : step.inputs)
      if (operand.root == from) operand.root = to;
    for (Operand& operand : step.outputs)
      if (operand.root == from) operand.root = to;
  }
}

}  // namespace

void run_in_place(Plan& plan, const std::vector<View>& maps) {
  std::vector<LiveRange> live = find_live_ranges(plan);
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const Step& step = plan.steps[s];
    const auto at = static_cast<int>(s);
    const int made = step.outputs[0].root;
    if (step.outputs.size() != 1 || plan.roots[made].home != Home::arena || live[made].first != at)
      continue;
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      const int source = step.inputs[i].root;
      if (!dsl::reads_in_place(step.task, i) || plan.roots[source].home != Home::arena ||
          live[source].last != at || source == made ||
          only_input(step, source) != static_cast<int>(i))
        continue;
      const bool same_root = plan.roots[source].size_bytes == plan.roots[made].size_bytes &&
                             maps[source].halo == maps[made].halo &&
                             same_place(maps[source], maps[made]);
      if (!same_root || step.inputs[i].base_bytes != step.outputs[0].base_bytes ||
          !same_place(step.task.inputs[i], step.task.outputs[0]))
        continue;
      live[source].last = live[made].last;
      live[made] = {};
      replace_root(plan, made, source);
      break;
    }
  }
}

}  // namespace tenfold::graph
