// How a convolution in the space "winograd" is cut into tiles and blocks of them, and what it then
// costs in cycles, by a model of one core: products, transforms, and weights that come from beyond
// L1.
#pragma once
#include "base/target.h"
#include "base/task.h"

namespace tenfold::schedules {

/// The tiles of one phase of an image, and the channels of one group.
struct WinogradShape {
  // Outputs of a tile; of a transposed convolution in each place of a stride.
  int64_t each_h, each_w;
  int64_t tile_h, tile_w, tiles_y, tiles_x;
  int64_t points_y, points_x;  // of a tile's transform
  int64_t phases;              // of a dilated convolution
  int64_t groups, group_c, group_k;
  int64_t points() const { return points_y * points_x; }
};

/// my x mx outputs in a tile, of a transposed convolution as many in each place within its stride.
/// A kernel of one row is left alone along y, and the other way round.
WinogradShape winograd_shape(const Task& task, int64_t my, int64_t mx);

/// What is transformed, multiplied and transformed back before the next, in registers vectors x
/// tiles.
struct WinogradLoops {
  int64_t lanes, vectors, tiles;
  int64_t bx, by;  // tiles of a block; bx 0: whole rows
  int64_t groups;  // of a block
};

/// Tiles of a block along x.
int64_t block_width(const WinogradShape& shape, int64_t bx);

/// Of the transformed inputs and products of `tiles` tiles of every phase and `groups` groups.
int64_t block_bytes(const WinogradShape& shape, int64_t tiles, int64_t groups);

/// Cycles of the whole task with weights that no cache holds.
double winograd_cycles(const Task& task, const WinogradShape& shape, const Target& target,
                       const WinogradLoops& loops);

}  // namespace tenfold::schedules
