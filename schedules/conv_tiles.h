// Which register tile a dense convolution should have: a model of the cycles that an image takes,
// so that the untuned default is already a good one.
#pragma once
#include <vector>

#include "base/target.h"
#include "schedules/conv_loops.h"

namespace tenfold::schedules {

/// kt vectors of `lanes` output channels by xt x yt pixels; yt = 0: by a run of xt pixels that may
/// go on in the next row. skip: taps that read only padding are left out for a tile's rows (1), or
/// rows and columns (2).
struct ConvTile {
  int64_t lanes, kt, xt, yt, skip;
};

/// The sums of a tile, two operands of a product: what it needs of the target's registers.
bool fits_registers(const ConvTile& tile, const Target& target);

/// Cycles of all tiles of all images. Products take half a cycle and so do loads; a sum waits four
/// cycles for the one before; each tile has a beginning and an end.
double image_cycles(const Task& task, const ConvTile& tile, const Target& target);

/// The same, with weights that come from memory at some 5 bytes a cycle, and from L2 for each tile
/// again where a block of them is larger than L1. Of what goes on at the same time, a quarter of
/// the shorter shows.
double cold_cycles(const Task& task, const ConvTile& tile, const Target& target);

struct ConvTileChoice {
  bool runs = true;  // of pixels
  bool skip = true;
};

/// The best of all tiles that fit and whose widths are among `lanes`.
ConvTile good_tile(const Task& task, const std::vector<int64_t>& lanes,
                   const ConvTileChoice& choice, const Target& target);

}  // namespace tenfold::schedules
