// The cost of a task that nobody has measured. Coarse on purpose: it decides only between forms of
// the same work.
#include <algorithm>

#include "dsl/op.h"
#include "graph/planner.h"

namespace tenfold::graph {
namespace {

// One core of a current x86-64: what kernels reach in the median, not peaks.
constexpr double flops_per_second = 60e9, bytes_per_second = 25e9, launch_seconds = 1e-6;
// A convolution's kernel loads numbers of its input one by one: so are functions on load computed.
constexpr double load_functions_per_second = 6e9;

double elements(const Dims& dims) {
  return static_cast<double>(*volume(dims));
}

// How often a kernel loads an element of its input: a dense convolution once a tap and a block of
// output channels.
double loads_per_element(const Task& task) {
  if (task.op != "conv2d") return 1;
  constexpr double channels_per_block = 32;
  const auto attr = [&](const char* name) {
    return static_cast<double>(task.attrs.get_int(name, 1));
  };
  const double taps = attr("kernel_h") * attr("kernel_w") / (attr("stride_h") * attr("stride_w"));
  const double blocks = attr("groups") == 1
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
  const double on_load = elements(task.inputs[0].dims) * static_cast<double>(task.prologue.size()) *
                         loads_per_element(task);
  const double load_rate = task.op == "conv2d" ? load_functions_per_second : flops_per_second;
  return launch_seconds +
         std::max(flops / flops_per_second + on_load / load_rate, bytes / bytes_per_second);
}

}  // namespace tenfold::graph
