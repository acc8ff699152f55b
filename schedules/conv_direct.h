// The plain half of "direct", which needs no Halide.
#pragma once
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

std::vector<Axis> direct_axes(const Task& task, const Target& target);
Status direct_legal(const Task& task, const Target& target, const Config& config);
Config direct_initial(const Task& task, const Target& target);

/// An image's cycles, with weights that come from memory (Space::cycles).
double direct_cycles(const Task& task, const Target& target, const Config& config);

}  // namespace tenfold::schedules
