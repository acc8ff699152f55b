// Convolutions of one pixel, or of runs of pixels that do not overlap, do not care how their pixels
// are arranged: a small map is one long row, and fills its tiles.
#pragma once
#include "base/task.h"

namespace tenfold::dsl {

/// The same kernel over {1, 1, N*H*W, C} (or {N, 1, H*W, C}), where a task is a 1xS convolution of
/// stride 1xS without pads that leaves no pixel out, and all its views let rows (and images) follow
/// each other evenly; any other task as it is. Bases, offsets and constants are the same; halos,
/// which such a task never reads, are dropped.
Task with_fused_pixels(const Task& task);

}  // namespace tenfold::dsl
