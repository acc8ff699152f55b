// The CPU's form of a deformable convolution: what is sampled for a run of pixels lies in memory,
// and is the left factor of a product of matrices.
#pragma once
#include "base/packing.h"
#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// What the inner sum runs over beside the channels of a group.
enum class TapChunk { one, row, all };

struct DeformGrid {
  TapChunk chunk = TapChunk::all;
  int block = 1;  // output channels of a block: inside one group, or several whole groups
};

/// {k, c, r, s} as a block's inner sum reads them: chunks outside of blocks, blocks outside of
/// the chunk's taps, {c, k in group, group in block} within.
Packing deform_weights(const Task& task, const DeformGrid& grid);

/// The model of `deform_conv2d` with its pixels in one row, p = y*OW + x. Beyond the image p stands
/// for its last pixel, so that runs may be rounded up. Funcs, beside "out" {c, x, y, n}:
///   "place"  {tap, offset group, p, n}: columns, rows and weights of the four pixels of a moved
///   tap "sample" {c, tap, p, n}: the moved tap "spread" {group in block, c in group, block, tap,
///   p, n}: the same, where a block is several
///            groups: what a product multiplies all their outputs by lies side by side
///   "part"   {group in block, k in group or block, block, p, n, chunk}: the sum over `reduction`
///            {c in group, taps}
///   "acc"    {k, p, n}: the sum of the chunks; a second stage where there are several
struct TiledDeform {
  Algorithm algorithm;
  Halide::RDom chunks;  // of acc's update; undefined where the chunk is all taps
};
TiledDeform tiled_deform(const Task& task, const Binding& binding, const DeformGrid& grid);

}  // namespace tenfold::dsl
