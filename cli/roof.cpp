#include "cli/roof.h"

#include <algorithm>

#include "dsl/op.h"
#include "dsl/window.h"

namespace tenfold::cli {
namespace {

constexpr int64_t bytes_each = 4;

int64_t rounded_up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Pixels that lie between windows need not be read: the share of the map that must be.
double read_share(const Task& task) {
  if (!task.attrs.has("stride_h")) return 1;
  const dsl::Window w = dsl::window_of(task.attrs);
  const auto side = [](int64_t kernel, int64_t stride) {
    return std::min(1.0, static_cast<double>(kernel) / static_cast<double>(stride));
  };
  return task.op == "conv_transpose2d"
             ? 1
             : side(w.kernel_h, w.stride_h) * side(w.kernel_w, w.stride_w);
}

bool sums_products(const Task& task) {
  const std::vector<dsl::Param> params = dsl::params(task);
  return !params.empty() && params[0].name.find("weights") != std::string::npos;
}

}  // namespace

Demand demand_of(const Problem& problem) {
  const Task& task = problem.model;
  Demand demand{.operations = dsl::flops(task)};
  const Dims& out = task.outputs[0].dims;
  if (problem.family == "winograd")
    demand.operations *= static_cast<double>(rounded_up(out[1], 4) * rounded_up(out[2], 4)) /
                         static_cast<double>(4 * out[1] * out[2]);
  if (sums_products(task) || task.op == "matmul") demand.channels = out.back();
  double read = 0;
  for (size_t i = 0; i < task.inputs.size(); ++i)
    read += static_cast<double>(*volume(task.inputs[i].dims)) * (i == 0 ? read_share(task) : 1);
  demand.read_bytes = static_cast<int64_t>(read) * bytes_each;
  for (const dsl::Param& param : dsl::params(task))
    demand.constant_bytes += *volume(param.dims) * bytes_each;
  for (const View& view : task.outputs) demand.write_bytes += *volume(view.dims) * bytes_each;
  return demand;
}

Roof roof_of(const Demand& demand, const std::vector<LanePeak>& peaks, double memory_ms) {
  Roof roof{.memory_ms = memory_ms};
  double best_gflops = 0;
  for (const LanePeak& peak : peaks) {
    const double filled = demand.channels == 0
                              ? 1
                              : static_cast<double>(demand.channels) /
                                    static_cast<double>(rounded_up(demand.channels, peak.lanes));
    if (peak.gflops * filled <= best_gflops) continue;
    best_gflops = peak.gflops * filled;
    roof.peak = peak;
  }
  roof.compute_ms = demand.operations / best_gflops / 1e6;
  roof.memory = memory_ms > roof.compute_ms;
  roof.time_ms = std::max(memory_ms, roof.compute_ms);
  return roof;
}

std::vector<int32_t> lane_widths(int lanes) {
  return lanes > 8 ? std::vector<int32_t>{8, lanes} : std::vector<int32_t>{lanes};
}

}  // namespace tenfold::cli
