// conv2d of several groups, with the group as a dimension of its own: the same task and the same
// sums, for schedules whose vectors hold several narrow groups, or end where a group ends.
#pragma once
#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// How output channels are seen: bundle * wide + lane.
struct GroupGrid {
  int share = 1;  // groups of a bundle: wide = share * K/groups; share divides groups
  int block = 1;  // lanes lie packed in blocks of this many; the last block may be part empty
};

/// Weights as grouped_conv2d reads them: {bundle, block, r, c, s, lane in block}.
Packing grouped_weights(const Task& task, const GroupGrid& grid);

// clang-format off
/// Precondition: more than one group; weights packed by grouped_weights. Funcs, innermost dim first:
///   "load" {c, x, y, n}            the input, masked; absent where the anchor reads the input itself
///   "run"  {c, bundle, x, y, n}    the input channels of a bundle; where share > 1
///   "acc"  {lane, bundle, x, y, n} the sums, over (c in group, s, r); lanes beyond `wide` are zero or junk
///   "out"  {k, x, y, n}            one update over `lanes` (lane, bundle) that stores each element once
// clang-format on
struct GroupedConv {
  Algorithm algorithm;
  Halide::RDom lanes;
};
GroupedConv grouped_conv2d(const Task& task, const Binding& binding, const GroupGrid& grid);

}  // namespace tenfold::dsl
