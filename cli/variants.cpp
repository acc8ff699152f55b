#include "cli/variants.h"

#include <algorithm>
#include <set>

#include "base/buffer_layout.h"
#include "cli/choose.h"
#include "graph/planner.h"

namespace tenfold::cli {
namespace {

/// One operator's plan: its operands are the library's inputs and outputs.
graph::Plan plan_of(const std::string& name, const Task& task) {
  graph::Plan plan{.name = name};
  graph::Step step{.name = name, .task = task};
  const auto add = [&](const View& view, graph::Home home, size_t index) {
    const bool input = home == graph::Home::input;
    const std::string port = (input ? "input" : "output") + std::to_string(index);
    const int root = static_cast<int>(plan.roots.size());
    plan.roots.push_back({.name = port,
                          .home = home,
                          .port = static_cast<int>(index),
                          .size_bytes = end_element(view) * size_bytes(view.type)});
    (input ? plan.inputs : plan.outputs).push_back({port, view.type, view.dims, root});
    return graph::Operand{root, 0};
  };
  for (size_t i = 0; i < task.inputs.size(); ++i)
    step.inputs.push_back(add(task.inputs[i], graph::Home::input, i));
  for (size_t i = 0; i < task.outputs.size(); ++i)
    step.outputs.push_back(add(task.outputs[i], graph::Home::output, i));
  plan.steps.push_back(std::move(step));
  return plan;
}

void add_variant(Variants& variants, const Target& target, graph::Plan plan,
                 const Chooser& chooser) {
  codegen::VariantInput input{
      .target = target, .plan = std::move(plan), .configs = {}, .kernels = {}};
  std::set<std::string> seen;
  for (const graph::Step& step : input.plan.steps) {
    const autotune::ChosenConfig& chosen = chooser.choose(step.task);
    if (seen.insert(to_text(step.task)).second) variants.coverage.add(step.task, chosen);
    input.configs.push_back(chosen.config);
    variants.requests.push_back({.task = step.task, .config = chosen.config, .target = target});
  }
  variants.inputs.push_back(std::move(input));
}

}  // namespace

Result<std::vector<Target>> variant_targets(const std::vector<std::string>& names) {
  std::vector<Target> targets, processors;
  for (const std::string& name : names) {
    TENFOLD_TRY(Target target, parse_target(name));
    if (std::ranges::find(targets, target.name, &Target::name) != targets.end()) continue;
    if (target.device == DeviceKind::cpu) processors.push_back(target);
    targets.push_back(std::move(target));
  }
  std::ranges::stable_sort(processors, std::ranges::greater(), &Target::lanes);
  auto next = processors.begin();
  for (Target& target : targets)
    if (target.device == DeviceKind::cpu) target = *next++;
  return targets;
}

Result<Variants> plan_network(const graph::Network& network, autotune::SqliteDatabase* database,
                              const VariantOptions& options) {
  Variants variants;
  for (const Target& target : options.targets) {
    const graph::PlanOptions plan_options{
        .name = options.name, .device = target.device, .layout = {}};
    TENFOLD_TRY(const auto tasks, graph::candidate_tasks(network, plan_options));
    TENFOLD_TRY(const Chooser chooser,
                Chooser::make(database, tasks, {target, options.threads, options.accuracy}));
    TENFOLD_TRY(graph::Plan plan, graph::make_plan(network, plan_options, [&](const Task& task) {
                  return chooser.seconds(task);
                }));
    add_variant(variants, target, std::move(plan), chooser);
  }
  return variants;
}

Result<Variants> plan_op(const Task& task, autotune::SqliteDatabase* database,
                         const VariantOptions& options) {
  Variants variants;
  for (const Target& target : options.targets) {
    TENFOLD_TRY(const Chooser chooser,
                Chooser::make(database, {task}, {target, options.threads, options.accuracy}));
    add_variant(variants, target, plan_of(options.name, task), chooser);
  }
  return variants;
}

void give_kernels(Variants& variants, std::vector<codegen::Kernel> kernels) {
  auto next = kernels.begin();
  for (codegen::VariantInput& input : variants.inputs)
    for (size_t i = 0; i < input.plan.steps.size(); ++i)
      input.kernels.push_back(std::move(*next++));
}

}  // namespace tenfold::cli
