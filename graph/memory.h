// Memory: where each arena root lies, and which halos must be zeroed when.
#pragma once
#include <vector>

#include "base/task.h"
#include "graph/plan.h"

namespace tenfold::graph {

/// From the first step that writes a root to the last that touches it, in the plan's steps.
struct LiveRange {
  int first = 0, last = -1;
  bool meets(const LiveRange& other) const { return first <= other.last && other.first <= last; }
};

/// One a root; roots that no step touches keep an empty range.
std::vector<LiveRange> find_live_ranges(const Plan& plan);

/// The most bytes that live at once, offsets' alignment included: no arena can be smaller.
int64_t arena_lower_bound(const Plan& plan);

/// Gives each arena root an offset, a multiple of 256, such that no two that live at once overlap,
/// and sets arena_bytes. Greedy: roots in an order (by size, by size times life, by start), each at
/// the lowest offset that is free for all of its life; what then ends last is moved to the front
/// and all are placed again, some times. The best attempt wins.
void place_roots(Plan& plan);

/// The zero bytes of a root whose feature map has a halo, as fills: everything in the root before,
/// between and behind the map's rows. Empty without a halo.
std::vector<ZeroFill> halo_fills(int root, int64_t size_bytes, const View& map);

/// Puts each root's fills where they belong: into plan.fills when nothing else ever writes those
/// bytes, else into the step that writes the root first. `maps` has the map of each root (an empty
/// view for those without). Precondition: place_roots has run.
void place_fills(Plan& plan, const std::vector<View>& maps);

}  // namespace tenfold::graph
