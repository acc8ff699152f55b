// What the two files of "fused_rows" share: the sizes that they ask about, and the space's plain
// half.
#pragma once
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

struct FusedShape : ConvShape {
  bool expands;
  int64_t expanded;  // channels of the depthwise convolution
  int64_t in_height, in_width;
  int64_t between_params;  // index of the depthwise weights among the constants
};

FusedShape fused_shape(const Task& task);

/// Lanes of a vector of the expanded map: the input of a depthwise convolution is read as it lies,
/// so a vector must not be wider than it.
int64_t middle_lanes(const FusedShape& s, const Target& target);

/// Rows that the windows of `rows` output rows reach.
int64_t window_rows(const FusedShape& s, int64_t rows);

/// Groups of rows of an image.
int64_t row_groups(const FusedShape& s, const Config& config);

std::vector<Axis> fused_axes(const Task& task, const Target& target);
Status fused_legal(const Task& task, const Target& target, const Config& config);
Config fused_initial(const Task& task, const Target& target);

}  // namespace tenfold::schedules
