// conv2d of several groups, with the group as a dimension of its own: the same task and the same
// sums, for schedules whose vectors hold several narrow groups, or end where a group ends.
#pragma once
#include "dsl/algorithm_halide.h"

namespace tenfold::dsl {

/// How output channels are seen: bundle * wide + lane.
struct GroupGrid {
  int share = 1;  // groups of a bundle: wide = share * K/groups; share divides groups
  int block = 1;  // lanes lie packed in blocks of this many; the last block may be part empty
  /// The groups of a bundle take turns: lane k * share + g is output k of group g. One broadcast of
  /// `share` floats then gives each lane its group's input. Precondition: a block is a bundle.
  bool turns = false;
};

/// Weights as grouped_conv2d reads them: {bundle, block, r, c, s, lane in block}.
Packing grouped_weights(const Task& task, const GroupGrid& grid);

// clang-format off
/// Precondition: more than one group; weights packed by grouped_weights. Funcs, innermost dim first:
///   "load" {c, x, y, n}            the input, masked; absent where the anchor reads the input itself
///   "run"  {c, bundle, x, y, n}    the input channels of a bundle; where share > 1
///   "turned" {g, c in group, bundle, x, y, n} the same in turns; where groups take turns
///   "acc"  {lane, bundle, x, y, n} the sums, over (c in group, s, r); lanes beyond `wide` are zero or junk;
///          in turns {g, k in group, bundle, x, y, n}
///   "out"  {k, x, y, n}            one update over `lanes` (lane, bundle) that stores each element once
// clang-format on
struct GroupedConv {
  Algorithm algorithm;
  Halide::RDom lanes;
};
GroupedConv grouped_conv2d(const Task& task, const Binding& binding, const GroupGrid& grid);

}  // namespace tenfold::dsl
