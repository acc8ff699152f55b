// The cost of a task that nobody has measured. Coarse on purpose: it decides only between forms of
// the same work.
#include <algorithm>

#include "dsl/op.h"
#include "graph/planner.h"

namespace tenfold::graph {
namespace {

// One Zen 3 core, November 2026: dense convolutions ran at 75 to 99 GFLOP/s, element-wise maps of
// 0.4 to 14 MB at 35 to 75 GB/s, and a function before a convolution cost, an element of its input,
// whether one or two (the kernel keeps what it has loaded), 0.02 to 0.08 ns before a 1x1 one and
// 0.1 to 0.2 ns before others, which load some pixels twice.
constexpr double flops_per_second = 80e9, bytes_per_second = 40e9, launch_seconds = 1e-6;
constexpr double on_load_seconds = 0.05e-9, on_load_seconds_of_windows = 0.15e-9;

// Of the same arithmetic done by operators one after the other: 0.87 to 0.95 without a trial. On a
// Granite Rapids core a depthwise + pointwise operator of few channels on both sides was 1.02 to
// 1.25 times as fast as the two (32 -> 16@112 to 128 -> 128@147; 192 -> 32@28 0.93 to 1.03), and an
// inverted residual of as few, whose expanded map has a MiB or more, 1.1 to 1.4 times as fast as
// the three.
constexpr double fused_share = 0.9, fused_rows_share = 1.05, fused_block_share = 1.15;
constexpr int64_t few_products = 32768;
constexpr double large_map_bytes = 1 << 20;

double elements(const Dims& dims) {
  return static_cast<double>(*volume(dims));
}

double share_when_fused(const Task& task) {
  const Dims& in = task.inputs[0].dims;
  const int64_t middle = task.attrs.get_int("expanded", in[3]);
  const bool narrow = std::max(in[3], task.outputs[0].dims[3]) * middle <= few_products;
  if (task.op == "depthwise_pointwise" && narrow) return fused_rows_share;
  const double map_bytes =
      4 * elements(in) / static_cast<double>(in[3]) * static_cast<double>(middle);
  if (task.op == "inverted_residual" && narrow && map_bytes >= large_map_bytes)
    return fused_block_share;
  return fused_share;
}

}  // namespace

double estimated_seconds(const Task& task) {
  double bytes = 0, flops = dsl::flops(task);
  for (const View& view : task.inputs) bytes += 4 * elements(view.dims);
  for (const View& view : task.outputs) bytes += 4 * elements(view.dims);
  for (const dsl::Param& param : dsl::params(task)) bytes += 4 * elements(param.dims);
  flops += 2 * elements(task.outputs[0].dims) * static_cast<double>(task.epilogue.size());
  double on_load = 0;
  if (!task.prologue.empty() && task.op == "conv2d") {
    const bool pointwise =
        task.attrs.get_int("kernel_h", 1) == 1 && task.attrs.get_int("kernel_w", 1) == 1;
    on_load =
        (pointwise ? on_load_seconds : on_load_seconds_of_windows) * elements(task.inputs[0].dims);
  }
  if ((*dsl::find_op(task.op))->operators > 1) flops /= share_when_fused(task);
  return launch_seconds + on_load + std::max(flops / flops_per_second, bytes / bytes_per_second);
}

}  // namespace tenfold::graph
