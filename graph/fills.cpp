// Which halos stay zero by themselves: those whose bytes no other root's data ever lands on.
#include <algorithm>

#include "graph/memory.h"

namespace tenfold::graph {
namespace {

struct Span {
  int64_t begin, end;  // bytes of the arena
};

std::vector<Span> spans_of(const Plan& plan, const std::vector<ZeroFill>& fills) {
  std::vector<Span> spans;
  for (const ZeroFill& fill : fills)
    for (int64_t row = 0; row < fill.rows; ++row) {
      const int64_t begin =
          plan.roots[fill.root].offset_bytes + fill.offset_bytes + row * fill.stride_bytes;
      spans.push_back({begin, begin + fill.row_bytes});
    }
  std::ranges::sort(spans, {}, &Span::begin);
  return spans;
}

// What kernels may write of a root: all that is not its halo.
std::vector<Span> written_of(const Root& root, const std::vector<Span>& halo) {
  std::vector<Span> spans;
  int64_t at = root.offset_bytes;
  for (const Span& zero : halo) {
    if (zero.begin > at) spans.push_back({at, zero.begin});
    at = zero.end;
  }
  if (root.offset_bytes + root.size_bytes > at)
    spans.push_back({at, root.offset_bytes + root.size_bytes});
  return spans;
}

bool overlap(const std::vector<Span>& a, const std::vector<Span>& b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].end <= b[j].begin)
      ++i;
    else if (b[j].end <= a[i].begin)
      ++j;
    else
      return true;
  }
  return false;
}

}  // namespace

void place_fills(Plan& plan, const std::vector<View>& maps) {
  const std::vector<LiveRange> live = find_live_ranges(plan);
  std::vector<std::vector<ZeroFill>> fills(plan.roots.size());
  std::vector<std::vector<Span>> zeros(plan.roots.size()), written(plan.roots.size());
  for (size_t r = 0; r < plan.roots.size(); ++r) {
    const Root& root = plan.roots[r];
    if (root.home != Home::arena || live[r].first > live[r].last) continue;
    fills[r] = halo_fills(static_cast<int>(r), root.size_bytes, maps[r]);
    zeros[r] = spans_of(plan, fills[r]);
    written[r] = written_of(root, zeros[r]);
  }
  for (size_t r = 0; r < plan.roots.size(); ++r) {
    if (fills[r].empty()) continue;
    const bool spoilt =
        std::ranges::any_of(written, [&](const auto& spans) { return overlap(zeros[r], spans); });
    auto& into = spoilt ? plan.steps[live[r].first].fills : plan.fills;
    into.insert(into.end(), fills[r].begin(), fills[r].end());
  }
}

}  // namespace tenfold::graph
