// What the spaces of conv2d share: the sizes they ask about, strips of rows for threads, and where
// a masked input is kept.
#pragma once
#include "base/target.h"
#include "dsl/window.h"
#include "schedules/space.h"

namespace tenfold::schedules {

struct ConvShape {
  dsl::Window window;
  int64_t c, n, height, width, k, groups;  // height and width are the output's
};

ConvShape conv_shape(const Task& task);

int64_t divide_up(int64_t value, int64_t by);

/// Rows of input, from the first to the last, that so many rows of outputs read.
int64_t rows_read(const dsl::Window& window, int64_t rows);

/// The values that are at most `most`.
std::vector<int64_t> up_to(std::initializer_list<int64_t> values, int64_t most);

/// Vectors of output channels, and pixels along x, that a register tile may have.
std::vector<int64_t> conv_tile_vectors(const ConvShape& shape);
std::vector<int64_t> conv_tile_widths(const ConvShape& shape);

/// Tiles along the dimension that strips are cut from: y, or x where the image has one row.
int64_t strip_tiles(const ConvShape& shape, int64_t xt, int64_t yt);

/// Strips of 1, 2, 3, ... tiles; 0 is the whole image.
Axis strip_axis(const ConvShape& shape);

/// Tiles that the busiest of some threads takes, each taking a strip when it has none.
int64_t busiest(int64_t images, int64_t tiles, int64_t strip, int64_t threads);

/// Rows of input that stay in half of L2, and strips that leave two threads, and four, least to
/// wait for.
int64_t good_strip(const Task& task, const ConvShape& shape, int64_t xt, int64_t yt,
                   const Target& target);

/// Where the input as the anchor reads it is kept, if there is a mask or a prologue: as much as a
/// strip needs, the whole, or (in spaces that have the blocks of output channels inside) as much as
/// a tile of pixels needs.
enum ConvStage : int64_t { stage_none = 0, stage_strip = 1, stage_root = 2, stage_tile = 3 };
Axis stage_axis(const Task& task);

}  // namespace tenfold::schedules
