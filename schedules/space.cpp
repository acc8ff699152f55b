#include "schedules/space.h"

#include <algorithm>
#include <cassert>

#include "dsl/op.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

Error illegal(const Config& config, const std::string& rule) {
  return {ErrorCode::invalid_argument, "config '" + to_text(config) + "': " + rule};
}

}  // namespace

std::span<const Space> spaces() {
  static const std::vector<Space> table = {
      gemv_space(),           conv_winograd_space(), conv_grouped_space(), conv_depthwise_space(),
      conv_direct_space(),    conv_plain_space(),    gemm_space(),         matmul_space(),
      conv_transpose_space(), deform_space(),        conv_fused_space(),   squeeze_excite_space(),
      instance_norm_space(),  lines_space(),         rows_space(),         gpu_plain_space(),
  };
  return table;
}

Result<const Space*> find_space(const std::string& algorithm) {
  for (const Space& space : spaces())
    if (algorithm == space.name) return &space;
  return Error{ErrorCode::not_found, "no search space is named '" + algorithm + "'"};
}

std::vector<const Space*> spaces_for(const Task& task, const Target& target) {
  std::vector<const Space*> serving;
  for (const Space& space : spaces())
    if (space.serves(task, target)) serving.push_back(&space);
  return serving;
}

bool accurate(const Task& task, const Config& config, double bound) {
  const auto space = find_space(config.algorithm);
  return space && (!(*space)->extra_error || (*space)->extra_error(task, config) <= bound);
}

Config initial_config(const Task& task, const Target& target, double accuracy) {
  Config best;
  double least = 0;
  for (const Space* space : spaces_for(task, target)) {
    Config config = space->initial(task, target);
    if (!accurate(task, config, accuracy)) continue;
    if (!space->cycles && best.algorithm.empty()) return config;
    if (!space->cycles) continue;
    const double cycles = space->cycles(task, target, config);
    if (best.algorithm.empty() || cycles < least) best = std::move(config), least = cycles;
  }
  assert(!best.algorithm.empty() &&
         "the plainest space of each operator serves everything, exactly");
  return best;
}

Status check(const Task& task, const Target& target, const Config& config) {
  TENFOLD_TRY(const Space* space, find_space(config.algorithm));
  if (!space->serves(task, target))
    return illegal(config, "the space does not serve this task on " + target.name);
  const std::vector<Axis> axes = space->axes(task, target);
  if (axes.size() != config.values.size()) return illegal(config, "has other axes than its space");
  for (const Axis& axis : axes) {
    const auto value = config.values.find(axis.name);
    if (value == config.values.end()) return illegal(config, "lacks axis " + axis.name);
    if (std::find(axis.values.begin(), axis.values.end(), value->second) == axis.values.end())
      return illegal(config, axis.name + " has no value " + std::to_string(value->second));
  }
  return space->legal(task, target, config);
}

}  // namespace tenfold::schedules
