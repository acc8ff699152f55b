// conv2d and conv_transpose2d by Winograd's minimal filtering, as an algorithm of its own: the same
// task, other arithmetic.
#pragma once
#include "dsl/algorithm_halide.h"
#include "dsl/winograd.h"

namespace tenfold::dsl {

/// How the output is cut: tiles of tile_h x tile_w outputs, and how many are computed (edge tiles
/// may hang over). A dilated convolution is one of dilation 1 on each of dilation_h x dilation_w
/// phases, the pixels of equal remainders, and the tiles are those of a phase.
struct WinogradGrid {
  int tile_h = 4, tile_w = 4;
  int tiles_y = 1, tiles_x = 1;
  bool flat = false;  // tiles are counted through: tx is ty * tiles_x + tx, and ty is 0
};

/// How far beyond inputs[0] the grid's tiles read.
Halo winograd_reach(const Task& task, const WinogradGrid& grid);

// clang-format off
/// Precondition: stride 1, or 2 without dilation; no shuffle; of a transposed one no groups, no
/// dilation and tiles of whole strides; weights packed with winograd_height(...) and
/// winograd_width(...).transforms.filter on dims 2 and 3. Input pixels beyond the image that only
/// overhanging tiles read are zero. Funcs, innermost dim first:
///   "load"     {c, x, y, n}           the input, masked where the halo does not serve
///   "rows"     {c, column, j, tx, ty, f, g, n}   B^T d, along y; f and g are the phases of x and y
///   "tiles"    {c, tx, ty, i, j, f, g, n}        (B^T d) B, one plane (i, j) a product
///   "acc"      {k, tx, ty, i, j, f, g, n}        the reduction over c of k's group
///   "products" {k, tx, ty, i, j, f, g, n}        a copy of acc, to be stored
///   "half"     {k, tx, ty, i, p, f, g, n}        A^T m, along y
///   "result"   {k, tx, ty, q, p, f, g, n}        (A^T m) A
///   "out"      {k, x, y, n}                      x = (tx tile_w + q) dilation_w + f
// clang-format on
Algorithm winograd_convolution(const Task& task, const Binding& binding, const WinogradGrid& grid);

}  // namespace tenfold::dsl
