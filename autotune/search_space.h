// What a strategy searches: for each algorithm that serves a task, its axes, its rule and its
// default, as functions, so that strategies know neither tasks nor targets.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "schedules/space.h"

namespace tenfold::autotune {

struct SearchSpace {
  std::string algorithm;
  std::vector<schedules::Axis> axes;
  std::function<bool(const Config&)> legal;
  Config initial;
};

/// One for each of schedules::spaces_for(task, target) whose default is accurate enough, in table
/// order; configs that are not are not legal. `accuracy` bounds schedules::Space::extra_error.
std::vector<SearchSpace> search_spaces(const Task& task, const Target& target, double accuracy);

}  // namespace tenfold::autotune
