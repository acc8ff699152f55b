#include "tests/minimise.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "tests/shrink.h"

namespace tenfold::testing_support {
namespace {

int64_t nearest(const schedules::Axis& axis, int64_t value) {
  return *std::min_element(axis.values.begin(), axis.values.end(), [&](int64_t a, int64_t b) {
    return std::abs(a - value) < std::abs(b - value);
  });
}

/// The config on the axes of another task of its space: each value the nearest there is; where that
/// is illegal, single axes fall back to the space's default.
std::optional<Config> refitted(const Config& config, const Task& task, const Target& target) {
  const schedules::Space* space = *schedules::find_space(config.algorithm);
  if (!space->serves(task, target)) return std::nullopt;
  Config fitted{config.algorithm, {}};
  const Config initial = space->initial(task, target);
  for (const schedules::Axis& axis : space->axes(task, target)) {
    const auto had = config.values.find(axis.name);
    fitted.values[axis.name] =
        had == config.values.end() ? initial.at(axis.name) : nearest(axis, had->second);
  }
  if (schedules::check(task, target, fitted)) return fitted;
  for (const auto& [name, value] : initial.values) {
    Config repaired = fitted;
    repaired.values[name] = value;
    if (schedules::check(task, target, repaired)) return repaired;
  }
  return std::nullopt;
}

class Minimiser {
 public:
  Minimiser(KernelJob job, const Target& target, const Fails& fails, int most_tries)
      : best_(std::move(job)), target_(target), fails_(fails), left_(most_tries) {}

  KernelJob run() {
    while (left_ > 0 && (shrink_task() || shrink_config())) {
    }
    return best_;
  }

 private:
  bool accept(const KernelJob& candidate) {
    if (left_ == 0) return false;
    --left_;
    if (!fails_(candidate)) return false;
    best_ = candidate;
    return true;
  }

  bool shrink_task() {
    for (Task& task : smaller_tasks(best_.task)) {
      KernelJob candidate = best_;
      // In place stays in place only where the views still coincide.
      if (const int input = best_.run.in_place_input; input >= 0) {
        if (task.inputs.size() != best_.task.inputs.size()) continue;
        const View &in = task.inputs[input], &out = task.outputs[0];
        if (in.dims != out.dims || in.strides != out.strides || in.offset != out.offset) continue;
      }
      const auto config = refitted(best_.config, task, target_);
      if (!config) continue;
      candidate.task = std::move(task);
      candidate.config = *config;
      if (best_.run.against) {
        candidate.run.against = refitted(*best_.run.against, candidate.task, target_);
        if (!candidate.run.against) continue;
      }
      if (accept(candidate)) return true;
    }
    return false;
  }

  // Axes move towards the space's default, then towards their first value; each such move once.
  bool shrink_config() {
    const schedules::Space* space = *schedules::find_space(best_.config.algorithm);
    const Config initial = space->initial(best_.task, target_);
    for (const schedules::Axis& axis : space->axes(best_.task, target_)) {
      const int64_t now = best_.config.at(axis.name);
      const auto place = [&](int64_t value) {
        return std::find(axis.values.begin(), axis.values.end(), value) - axis.values.begin();
      };
      for (const int64_t value : {axis.values.front(), initial.at(axis.name)}) {
        if (place(value) >= place(now)) continue;
        KernelJob candidate = best_;
        candidate.config.values[axis.name] = value;
        if (schedules::check(candidate.task, target_, candidate.config) && accept(candidate))
          return true;
      }
    }
    return false;
  }

  KernelJob best_;
  const Target& target_;
  const Fails& fails_;
  int left_;
};

}  // namespace

KernelJob minimise(const KernelJob& job, const Target& target, const Fails& fails, int most_tries) {
  return Minimiser(job, target, fails, most_tries).run();
}

}  // namespace tenfold::testing_support
