// What the two files of "grouped" share: the sizes that they ask about, and the space's plain half.
#pragma once
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

/// Channels of a group's output and input.
int64_t group_k(const ConvShape& s);
int64_t group_c(const ConvShape& s);

/// Output channels of the groups that are computed together.
int64_t bundle_width(const ConvShape& s, const Config& config);

/// Blocks of output channels that are computed one after the other, of all groups.
int64_t blocks_of_all(const ConvShape& s, const Config& config);

std::vector<Axis> grouped_axes(const Task& task, const Target& target);
Status grouped_legal(const Task& task, const Target& target, const Config& config);
Config grouped_initial(const Task& task, const Target& target);

/// All images' cycles, with weights that come from memory (Space::cycles).
double grouped_cycles(const Task& task, const Target& target, const Config& config);

}  // namespace tenfold::schedules
