// Whether a kernel's output may be the memory of one of its inputs: the plan runs element-wise
// chains in place.
#pragma once
#include "base/task.h"

namespace tenfold::schedules {

/// True when an input from `first` on has exactly the place of an output in its root: a kernel must
/// then read each of its elements before it writes it, and only once. An anchor that reads windows
/// never runs in place of inputs[0].
bool may_alias(const Task& task, size_t first = 0);

}  // namespace tenfold::schedules
