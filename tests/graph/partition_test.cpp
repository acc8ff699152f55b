#include "graph/partition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace tenfold::graph {
namespace {

double cost_of(const std::vector<CoverItem>& items, const std::vector<int>& chosen) {
  double cost = 0;
  for (int item : chosen) cost += items[item].cost;
  return cost;
}

bool is_exact(const std::vector<CoverItem>& items, const std::vector<int>& chosen) {
  std::vector<int> all, taken;
  for (const CoverItem& item : items) all.insert(all.end(), item.nodes.begin(), item.nodes.end());
  for (int item : chosen)
    taken.insert(taken.end(), items[item].nodes.begin(), items[item].nodes.end());
  std::ranges::sort(all);
  std::ranges::sort(taken);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  return all == taken;
}

// Every exact choice, tried one by one.
double cheapest(const std::vector<CoverItem>& items, int nodes, unsigned taken) {
  int first = 0;
  while (first < nodes && taken >> first & 1) ++first;
  if (first == nodes) return 0;
  double best = std::numeric_limits<double>::max();
  for (const CoverItem& item : items) {
    unsigned mask = 0;
    for (int node : item.nodes) mask |= 1u << node;
    if (!(mask >> first & 1) || mask & taken) continue;
    best = std::min(best, item.cost + cheapest(items, nodes, taken | mask));
  }
  return best;
}

TEST(Partition, AgreesWithTryingEverything) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const int nodes = 1 + static_cast<int>(random() % 10);
    std::vector<CoverItem> items;
    for (int node = 0; node < nodes; ++node)
      items.push_back({{node}, 1.0 + static_cast<double>(random() % 8)});
    for (int extra = static_cast<int>(random() % 14); extra > 0; --extra) {
      CoverItem item{{}, 1.0 + static_cast<double>(random() % 16)};
      for (int node = 0; node < nodes; ++node)
        if (random() % 4 == 0) item.nodes.push_back(node);
      if (!item.nodes.empty()) items.push_back(item);
    }
    const std::vector<int> chosen = cheapest_cover(items);
    ASSERT_TRUE(is_exact(items, chosen));
    ASSERT_DOUBLE_EQ(cost_of(items, chosen), cheapest(items, nodes, 0));
    ASSERT_TRUE(
        std::ranges::is_sorted(chosen, {}, [&](int item) { return items[item].nodes.back(); }));
  }
}

TEST(Partition, LongChainsAreFast) {
  std::vector<CoverItem> items;
  for (int node = 0; node < 3000; ++node)
    for (int length = 1; length <= 4 && node + length <= 3000; ++length) {
      CoverItem item{{}, length == 3 ? 1.0 : 1.0 * length};
      for (int i = 0; i < length; ++i) item.nodes.push_back(node + i);
      items.push_back(item);
    }
  const std::vector<int> chosen = cheapest_cover(items);
  EXPECT_TRUE(is_exact(items, chosen));
  EXPECT_DOUBLE_EQ(cost_of(items, chosen), 1000);
}

TEST(Partition, EqualCostsGoToTheEarlierItem) {
  const std::vector<CoverItem> items{{{0}, 1}, {{1}, 1}, {{0, 1}, 2}};
  EXPECT_EQ(cheapest_cover(items), (std::vector<int>{0, 1}));
}

}  // namespace
}  // namespace tenfold::graph
