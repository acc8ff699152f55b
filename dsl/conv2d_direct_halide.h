// Dense conv2d for schedules of register tiles, which need more of the algorithm than its plain
// form says: taps that read nothing but padding left out, or pixels in one line.
#pragma once
#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// Both have one group as a precondition, and conv2d's meaning (dsl/conv2d.cpp).

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

}  // namespace tenfold::dsl
