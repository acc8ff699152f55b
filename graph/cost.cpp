// The cost of a task that nobody has measured. Coarse on purpose: it decides only between forms of
// the same work.
#include <algorithm>

#include "dsl/op.h"
#include "graph/planner.h"

namespace tenfold::graph {
namespace {

// One core of a current x86-64: what kernels reach in the median, not peaks.
constexpr double flops_per_second = 60e9, bytes_per_second = 12e9, launch_seconds = 1e-6;

double elements(const Dims& dims) {
  return static_cast<double>(*volume(dims));
}

// How often a convolution's kernel loads an element of its input: once a tap and a block of output
// channels.
double loads_per_element(const Task& task) {
  const double taps =
      static_cast<double>(task.attrs.get_int("kernel_h", 1) * task.attrs.get_int("kernel_w", 1)) /
      static_cast<double>(task.attrs.get_int("stride_h", 1) * task.attrs.get_int("stride_w", 1));
  constexpr double channels_per_block = 32;
  const double blocks = task.op == "conv2d" && task.attrs.get_int("groups", 1) == 1
                            ? static_cast<double>(task.outputs[0].dims.back()) / channels_per_block
                            : 1;
  return std::max(1.0, taps) * std::max(1.0, blocks);
}

}  // namespace

double estimated_seconds(const Task& task) {
  double bytes = 0, flops = dsl::flops(task);
  for (const View& view : task.inputs) bytes += 4 * elements(view.dims);
  for (const View& view : task.outputs) bytes += 4 * elements(view.dims);
  for (const dsl::Param& param : dsl::params(task)) bytes += 4 * elements(param.dims);
  flops += 2 * elements(task.outputs[0].dims) * static_cast<double>(task.epilogue.size());
  flops += 2 * elements(task.inputs[0].dims) * static_cast<double>(task.prologue.size()) *
           loads_per_element(task);
  return launch_seconds + std::max(flops / flops_per_second, bytes / bytes_per_second);
}

}  // namespace tenfold::graph
