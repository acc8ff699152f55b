#include "autotune/search_space.h"

namespace tenfold::autotune {

std::vector<SearchSpace> search_spaces(const Task& task, const Target& target, double accuracy) {
  std::vector<SearchSpace> found;
  for (const schedules::Space* space : schedules::spaces_for(task, target)) {
    Config initial = space->initial(task, target);
    if (!schedules::accurate(task, initial, accuracy)) continue;
    found.push_back({.algorithm = space->name,
                     .axes = space->axes(task, target),
                     .legal =
                         [space, task, target, accuracy](const Config& config) {
                           return bool(space->legal(task, target, config)) &&
                                  schedules::accurate(task, config, accuracy);
                         },
                     .initial = std::move(initial)});
  }
  return found;
}

}  // namespace tenfold::autotune
