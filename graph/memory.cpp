#include "graph/memory.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace tenfold::graph {
namespace {

constexpr int64_t alignment = 256;
constexpr int attempts_per_order = 100;

int64_t aligned(int64_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

using Order = std::vector<int>;

// Offsets by first fit over `order`; returns the arena's size.
int64_t fit(const std::vector<Root>& roots, const std::vector<LiveRange>& live, const Order& order,
            std::vector<int64_t>& offsets) {
  int64_t end = 0;
  Order placed;  // ascending by offset
  for (int root : order) {
    const int64_t size = aligned(roots[root].size_bytes);
    int64_t at = 0;
    for (int other : placed) {
      if (!live[root].meets(live[other])) continue;
      if (at + size <= offsets[other]) break;
      at = std::max(at, offsets[other] + aligned(roots[other].size_bytes));
    }
    offsets[root] = at;
    end = std::max(end, at + size);
    placed.insert(
        std::ranges::upper_bound(placed, at, {}, [&](int other) { return offsets[other]; }), root);
  }
  return end;
}

bool in_arena(const Root& root, const LiveRange& live) {
  return root.home == Home::arena && live.first <= live.last;
}

}  // namespace

std::vector<LiveRange> find_live_ranges(const Plan& plan) {
  std::vector<LiveRange> live(plan.roots.size());
  const auto touch = [&](int root, int step) {
    LiveRange& range = live[root];
    if (range.first > range.last) range.first = step;
    range.last = step;
  };
  for (size_t step = 0; step < plan.steps.size(); ++step) {
    for (const Operand& input : plan.steps[step].inputs) touch(input.root, static_cast<int>(step));
    for (const Operand& output : plan.steps[step].outputs)
      touch(output.root, static_cast<int>(step));
  }
  return live;
}

int64_t arena_lower_bound(const Plan& plan) {
  const std::vector<LiveRange> live = find_live_ranges(plan);
  std::vector<int64_t> at_step(plan.steps.size(), 0);
  for (size_t root = 0; root < plan.roots.size(); ++root) {
    if (!in_arena(plan.roots[root], live[root])) continue;
    for (int step = live[root].first; step <= live[root].last; ++step)
      at_step[step] += aligned(plan.roots[root].size_bytes);
  }
  return at_step.empty() ? 0 : std::ranges::max(at_step);
}

void place_roots(Plan& plan) {
  const std::vector<LiveRange> live = find_live_ranges(plan);
  Order by_start;
  for (size_t root = 0; root < plan.roots.size(); ++root)
    if (in_arena(plan.roots[root], live[root])) by_start.push_back(static_cast<int>(root));
  const auto size = [&](int root) { return plan.roots[root].size_bytes; };
  const auto life = [&](int root) { return int64_t{live[root].last - live[root].first + 1}; };
  std::ranges::stable_sort(by_start, {}, [&](int root) { return live[root].first; });
  Order by_size = by_start, by_area = by_start;
  std::ranges::stable_sort(by_size, std::ranges::greater(), size);
  std::ranges::stable_sort(by_area, std::ranges::greater(),
                           [&](int root) { return size(root) * life(root); });

  plan.arena_bytes = -1;
  const int64_t least = arena_lower_bound(plan);
  for (Order order : {by_size, by_area, by_start})
    for (int attempt = 0; attempt < attempts_per_order && plan.arena_bytes != least; ++attempt) {
      std::vector<int64_t> offsets(plan.roots.size(), 0);
      const int64_t bytes = fit(plan.roots, live, order, offsets);
      if (plan.arena_bytes < 0 || bytes < plan.arena_bytes) {
        plan.arena_bytes = bytes;
        for (int root : order) plan.roots[root].offset_bytes = offsets[root];
      }
      // What sticks out at the end is placed first in the next attempt.
      const auto last =
          std::ranges::max_element(order, {}, [&](int root) { return offsets[root] + size(root); });
      if (last == order.end()) break;
      std::rotate(order.begin(), last, last + 1);
    }
}

std::vector<ZeroFill> halo_fills(int root, int64_t size_bytes, const View& map) {
  if (map.halo == Halo{}) return {};
  assert(map.dims.size() == 4 && map.strides[3] == 1);
  const int64_t unit = tenfold::size_bytes(map.type);
  const int64_t images = map.dims[0], rows = map.dims[1];
  const int64_t image = map.strides[0] * unit, row = map.strides[1] * unit,
                pixel = map.strides[2] * unit;
  const int64_t first = map.offset * unit, width = map.dims[2] * pixel;

  std::vector<ZeroFill> fills;
  const auto add = [&](int64_t offset, int64_t bytes, int64_t stride, int64_t count) {
    if (bytes > 0 && count > 0) fills.push_back({root, offset, bytes, stride, count});
  };
  add(0, first, 0, 1);
  for (int64_t n = 0; n < images; ++n) add(first + n * image + width, row - width, row, rows - 1);
  const int64_t last_row = first + (rows - 1) * row + width;  // of an image, behind its pixels
  add(last_row, image - (last_row - first), image, images - 1);
  const int64_t behind = last_row + (images - 1) * image;
  add(behind, size_bytes - behind, 0, 1);
  return fills;
}

}  // namespace tenfold::graph
