// The cost of a task that nobody has measured. Coarse on purpose: it decides only between forms of
// the same work.
#include <algorithm>

#include "dsl/op.h"
#include "graph/planner.h"

namespace tenfold::graph {
namespace {

// One Zen 3 core, November 2026: dense convolutions ran at 75 to 99 GFLOP/s, element-wise maps of
// 0.4 to 14 MB at 35 to 57 GB/s, and a function before a convolution cost 0.4 to 0.7 ns an element
// of its input, whether one or two (the kernel keeps what it has loaded).
constexpr double flops_per_second = 80e9, bytes_per_second = 40e9, launch_seconds = 1e-6;
constexpr double on_load_seconds = 0.5e-9;

// Of the same arithmetic done by operators one after the other: 0.87 to 0.95 without a trial.
constexpr double fused_share = 0.9;

double elements(const Dims& dims) {
  return static_cast<double>(*volume(dims));
}

}  // namespace

double estimated_seconds(const Task& task) {
  double bytes = 0, flops = dsl::flops(task);
  for (const View& view : task.inputs) bytes += 4 * elements(view.dims);
  for (const View& view : task.outputs) bytes += 4 * elements(view.dims);
  for (const dsl::Param& param : dsl::params(task)) bytes += 4 * elements(param.dims);
  flops += 2 * elements(task.outputs[0].dims) * static_cast<double>(task.epilogue.size());
  const bool loads_slower = !task.prologue.empty() && task.op == "conv2d";
  const double on_load = loads_slower ? on_load_seconds * elements(task.inputs[0].dims) : 0;
  if ((*dsl::find_op(task.op))->operators > 1) flops /= fused_share;
  return launch_seconds + on_load + std::max(flops / flops_per_second, bytes / bytes_per_second);
}

}  // namespace tenfold::graph
