#include "autotune/search_space.h"

namespace tenfold::autotune {

std::vector<SearchSpace> search_spaces(const Task& task, const Target& target) {
  std::vector<SearchSpace> found;
  for (const schedules::Space* space : schedules::spaces_for(task, target))
    found.push_back(
        {.algorithm = space->name,
         .axes = space->axes(task, target),
         .legal = [space, task, target](
                      const Config& config) { return bool(space->legal(task, target, config)); },
         .initial = space->initial(task, target)});
  return found;
}

}  // namespace tenfold::autotune
