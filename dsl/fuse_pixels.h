// Convolutions of one pixel do not care how their pixels are arranged: a small map is one long row,
// and fills its tiles.
#pragma once
#include "base/task.h"

namespace tenfold::dsl {

/// The same kernel over {1, 1, N*H*W, C} (or {N, 1, H*W, C}), where a task is a 1x1 convolution of
/// stride 1 without pads and all its views let rows (and images) follow each other evenly; any
/// other task as it is. Bases, offsets and constants are the same; halos, which such a task never
/// reads, are dropped.
Task with_fused_pixels(const Task& task);

}  // namespace tenfold::dsl
