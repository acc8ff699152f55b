// Dense conv2d for schedules of register tiles, which need more of the algorithm than its plain
// form says: taps that read nothing but padding left out, pixels in one line, or tiles that begin
// where those taps change.
#pragma once
#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// All have one group as a precondition, and conv2d's meaning (dsl/conv2d.cpp).

/// Tiles of the output within which a tap is left out when all that it would read lies outside the
/// image, in columns of `width` pixels and rows of `height`; 0: no tap is left out along that side.
struct SkipTiles {
  int width = 0, height = 0;
};

/// Funcs, innermost dim first:
///   "load"  {c, x, y, n}   where there is a mask or a prologue
///   "acc"   {k, x, y, n}   the reduction over (c, s, r)
///   "out"   {k, x, y, n}
Algorithm direct_conv2d(const Task& task, const Binding& binding, const SkipTiles& skip);

/// The same over pixels p in one line, through all rows and images, so that a tile of them may run
/// on into the next row: x = p % OW, y = p / OW % OH, n = p / (OW OH). Funcs:
///   "load"  {c, x, y, n}
///   "acc"   {k, p}
///   "out"   {k, x, y, n}   undefined, then one update over `pixels`: at pixel p, chain(acc(k, p))
struct LineConv {
  Algorithm algorithm;
  Halide::RDom pixels;
};
LineConv line_conv2d(const Task& task, const Binding& binding);

/// The same in whole tiles of `width` by `height` pixels, none of which reaches beyond the outputs
/// that read the same taps: none is masked, and none reads padding. Where such outputs are no whole
/// number of tiles, the last one begins inside the one before. Precondition: no prologue, and the
/// shortest run of those outputs (dsl/window.h) is as long as a tile. Funcs:
///   "acc"   {k, x and y in a tile, tile across, tile down, n}
///   "out"   {k, x, y, n}   undefined, then one update over `pixels`: {x and y in a tile, tile
///   across, tile down}
struct RegionConv {
  Algorithm algorithm;
  Halide::RDom pixels;
  int across, down;  // how many tiles
};
RegionConv region_conv2d(const Task& task, const Binding& binding, int width, int height);

}  // namespace tenfold::dsl
