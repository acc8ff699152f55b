// conv2d by Winograd's minimal filtering, as an algorithm of its own: the same task, other
// arithmetic.
#pragma once
#include "dsl/algorithm_halide.h"
#include "dsl/winograd.h"

namespace tenfold::dsl {

/// How the output is cut: tiles of tile_h x tile_w outputs, and how many are computed (edge tiles
/// may hang over).
struct WinogradGrid {
  int tile_h = 4, tile_w = 4;
  int tiles_y = 1, tiles_x = 1;
};

/// How far beyond inputs[0] the grid's tiles read.
Halo winograd_reach(const Task& task, const WinogradGrid& grid);

// clang-format off
/// Precondition: stride 1, dilation 1, one group; weights packed with winograd_transforms(...).filter
/// on dims 2 and 3. Input pixels beyond the image that only overhanging tiles read are zero. Funcs,
/// innermost dim first:
///   "load"     {c, x, y, n}           the input, masked where the halo does not serve
///   "rows"     {c, x, j, ty, n}       B^T d, along y; x counts input columns from -pad_left
///   "tiles"    {c, tx, ty, i, j, n}   (B^T d) B, one plane (i, j) a product
///   "acc"      {k, tx, ty, i, j, n}   the reduction over c
///   "products" {k, tx, ty, i, j, n}   a copy of acc, to be stored
///   "half"     {k, tx, ty, i, p, n}   A^T m, along y
///   "result"   {k, tx, ty, q, p, n}   (A^T m) A
///   "out"      {k, x, y, n}
// clang-format on
Algorithm winograd_conv2d(const Task& task, const Binding& binding, const WinogradGrid& grid);

}  // namespace tenfold::dsl
