// Smaller tasks of the same kind, for the minimiser.
#pragma once
#include <vector>

#include "base/task.h"

namespace tenfold::testing_support {

/// Tasks that differ from this one in one respect and are simpler in it: an extent, a kernel, a
/// stride, a pad, the groups, a stage, a layout. The boldest first. All pass dsl::check.
std::vector<Task> smaller_tasks(const Task& task);

/// A measure that each of them has less of.
double size_of(const Task& task);

}  // namespace tenfold::testing_support
