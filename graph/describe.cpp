// The text of a plan for people.
#include <cmath>
#include <map>

#include "dsl/op.h"
#include "graph/memory.h"
#include "graph/planner.h"

namespace tenfold::graph {
namespace {

std::string number(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string megabytes(int64_t bytes) {
  return number(static_cast<double>(bytes) / (1 << 20), "%.2f MiB");
}

std::string chain_text(const std::vector<Stage>& stages) {
  std::string text;
  for (const Stage& stage : stages) text += (text.empty() ? "" : " ") + stage.kind;
  return text;
}

std::string window_text(const Task& task) {
  if (!task.attrs.has("kernel_h")) return "";
  std::string text = " " + std::to_string(task.attrs.get_int("kernel_h", 1)) + "x" +
                     std::to_string(task.attrs.get_int("kernel_w", 1));
  if (const int64_t stride = task.attrs.get_int("stride_h", 1); stride != 1)
    text += "/" + std::to_string(stride);
  if (const int64_t groups = task.attrs.get_int("groups", 1); groups != 1)
    text += " g" + std::to_string(groups);
  return text;
}

std::string step_text(const Plan& plan, const Step& step) {
  const Task& task = step.task;
  std::string text;
  if (!task.prologue.empty()) text += "(" + chain_text(task.prologue) + ") -> ";
  text += task.op + window_text(task);
  if (!task.epilogue.empty()) text += " -> " + chain_text(task.epilogue);
  text += "  " + to_string(task.inputs[0].dims) + " -> " + to_string(task.outputs[0].dims);
  text +=
      "  " + plan.roots[step.inputs[0].root].name + " -> " + plan.roots[step.outputs[0].root].name;
  if (!step.fills.empty()) text += "  (zeroes its halo)";
  return text + "  [" + step.name + "]";
}

}  // namespace

std::string describe(const Plan& plan) {
  std::string text;
  std::map<std::string, int> kinds;
  double flops = 0;
  int64_t weights = 0;
  for (const Step& step : plan.steps) {
    text += step_text(plan, step) + "\n";
    ++kinds[step.task.op];
    flops += dsl::flops(step.task);
    for (const auto& param : step.params) weights += param->size_bytes();
  }
  text += std::to_string(plan.steps.size()) + " steps:";
  for (const auto& [kind, count] : kinds) text += " " + std::to_string(count) + " " + kind;
  text += "\n" + number(flops * 1e-9, "%.3f GFLOP, ") + megabytes(weights) +
          " of constants, arena " + megabytes(plan.arena_bytes) + " (at least " +
          megabytes(arena_lower_bound(plan)) + ")\n";
  return text;
}

}  // namespace tenfold::graph
