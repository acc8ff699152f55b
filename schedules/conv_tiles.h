// Which register tile a dense convolution should have: a model of the cycles that an image takes,
// so that the untuned default is already a good one.
#pragma once
#include <algorithm>
#include <vector>

#include "base/target.h"
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

/// kt vectors of `lanes` output channels by xt x yt pixels; yt = 0: by a run of xt pixels that may
/// go on in the next row. skip: taps that read only padding are left out for a tile's rows (1), or
/// rows and columns (2), or tiles begin where the taps change that read the image (3).
struct ConvTile {
  int64_t lanes, kt, xt, yt, skip;
};

/// Of the weights, as the model has them.
double weight_bytes(const ConvShape& shape);
/// Blocks of output channels, of kt vectors each.
int64_t channel_block_count(const ConvShape& shape, const ConvTile& tile);

/// The sums of a tile, two operands of a product: what it needs of the target's registers.
bool fits_registers(const ConvTile& tile, const Target& target);

/// Whether any output reads the image: a kernel that reads nothing has no such argument.
bool reads_image(const Task& task);

/// Whether tiles may begin where the taps change (dsl::region_conv2d): each run of outputs that
/// read the same is as long as a tile, and an operand is not read again where a result may have
/// taken its place.
bool fits_regions(const Task& task, int64_t xt, int64_t yt);

/// Cycles of all tiles of all images. Products take half a cycle and loads that or a little more,
/// vectors a whole one where a unit takes them in halves; a sum waits four cycles for the one
/// before; each tile has a beginning and an end.
double image_cycles(const Task& task, const ConvTile& tile, const Target& target);

/// The same, with weights that come from memory, and from L2 for each tile again where a block of
/// them is larger than L1.
double cold_cycles(const Task& task, const ConvTile& tile, const Target& target);

/// Weights that no cache holds come at some 5 bytes a cycle.
constexpr double memory_bytes_per_cycle = 5;

/// Of what goes on at the same time, a quarter of the shorter shows.
inline double together(double a, double b) {
  return std::max(a, b) + std::min(a, b) / 4;
}

/// Cycles in which weights come from L2 again for each tile, where a block of output channels has
/// more than L1 holds.
double weights_again(double weights, double block_bytes, int64_t tiles, const Target& target);

/// Of `blocks`, the channels to sum before the next tile where threads take blocks of output
/// channels: 0, which is all of them, while such a block's weights stay in L2 or are used by few
/// tiles; else as many as leave room for sums and pixels. One core of a Granite Rapids, 2048 -> 256
/// at 65x65 dilated by 12, 2026-11: 238 ms all at once, 176 by 512.
int64_t good_channel_block(const ConvShape& shape, const ConvTile& tile,
                           const std::vector<int64_t>& blocks, const Target& target);

struct ConvTileChoice {
  bool runs = true;  // of pixels
  bool skip = true;
  bool regions = false;
  int64_t rows = 3;  // of a tile, at most
};

/// The best of all tiles that fit and whose widths are among `lanes`.
ConvTile good_tile(const Task& task, const std::vector<int64_t>& lanes,
                   const ConvTileChoice& choice, const Target& target);

}  // namespace tenfold::schedules
