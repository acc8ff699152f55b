// Memory beyond L2 asked for while something else is multiplied: the weights of the next block,
// what this one's results will be written to, the pixels of the next row.
#pragma once
#include <string>
#include <vector>

#include "schedules/scheduled_halide.h"

namespace tenfold::schedules {

constexpr int line_floats = 16;

/// Loops are named by how their names in the lowered code end.
struct NamedLoop {
  std::string name;
  int extent;
};

/// Blocks of weights, one behind the other in memory as they are used. A block is used in as many
/// passes as the loops `passes` have turns together, outermost first, each around all turns of the
/// loops `steps`, of which each reads the next `step_elements` floats of it. All count from zero.
struct WeightStream {
  std::string param;
  std::vector<NamedLoop> passes, steps;
  int step_elements;
};

/// A loop whose every turn goes on by so many floats.
struct Stride {
  std::string loop;
  int floats;
};

/// What a block of results is written to once all of its products are there, in one piece.
struct ResultStream {
  std::string buffer;
  std::vector<NamedLoop> steps;  // the loops that make the block's products, outermost first
  int offset = 0;                // of the first block's first float
  std::vector<Stride> blocks;    // the loops from block to block
  int block_elements = 0;        // 0: nothing is asked for
};

/// Pixels that a later loop reads: rows of them, by their distances in floats. Each turn of `loop`,
/// which goes over vectors of channels, asks for its own channels' lines; where several turns share
/// a line, the first of them for the first pixel, the second for the second, and so on.
struct PixelsAhead {
  std::string input, loop;
  int lanes;  // of a turn's vector; a line holds a whole number of them
  int first;  // from the first pixel that the turn loads
  int rows, pixels;
  int row_stride, pixel_stride;
};

/// Precondition: the turns count from zero where a line begins, and load runs of channels.
/// Depthwise 3x3, 14x14 with 512 channels on a Zen 3 core, 2026-12: 0.0291 -> 0.0253 ms.
void prefetch_pixels(Scheduled& scheduled, const PixelsAhead& ahead);

/// Has each step ask for its share of the next block, so that all passes are spent waiting for it
/// and not the first alone. One core of a Zen 3, products of 16 tiles in 4 passes, 37 MB of
/// weights, 2026-11: 5.0 ms without, 4.5 ms with the line 4 KiB ahead asked for, 3.3 ms so, of
/// which 2.9 ms are the products.
void prefetch_next_block(Scheduled& scheduled, const WeightStream& stream);

/// The same, and each step also asks for its share of the results' memory: transforms that write
/// pieces of many lines wait for each of them otherwise. Winograd on one Emerald Rapids core, 64
/// channels, 2026-11: 9.0 -> 8.0 ms at 224x224, 0.465 -> 0.450 ms at 56x56. (Direct kernels write
/// whole lines one behind the other and lose by it, up to 20 %.)
void prefetch_next_block(Scheduled& scheduled, const WeightStream& stream,
                         const ResultStream& results);

}  // namespace tenfold::schedules
