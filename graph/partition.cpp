#include "graph/partition.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <numeric>

namespace tenfold::graph {
namespace {

constexpr size_t most_states = 4096;

/// A choice so far: what it costs and the last item taken, as a list through `choices`.
struct State {
  double cost = 0;
  int last = -1;
};
struct Choice {
  int item, previous;
};
using Ahead = std::vector<int>;  // nodes taken before their turn, ascending

class Region {
 public:
  Region(const std::vector<CoverItem>& items, std::vector<int> members, std::vector<int> nodes)
      : items_(items), nodes_(std::move(nodes)) {
    for (int item : members) starting_at_[items[item].nodes.front()].push_back(item);
  }

  void solve(std::vector<int>& chosen) {
    std::map<Ahead, State> states{{{}, {}}};
    for (int node : nodes_) {
      std::map<Ahead, State> next;
      for (const auto& [ahead, state] : states) advance(node, ahead, state, next);
      if (next.size() > most_states) drop_dearest(next);
      states = std::move(next);
    }
    assert(states.size() == 1 && states.begin()->first.empty());
    for (int at = states.begin()->second.last; at >= 0; at = choices_[at].previous)
      chosen.push_back(choices_[at].item);
  }

 private:
  void advance(int node, const Ahead& ahead, const State& state, std::map<Ahead, State>& next) {
    if (!ahead.empty() && ahead.front() == node) {
      offer(next, Ahead(ahead.begin() + 1, ahead.end()), state.cost, state.last, -1);
      return;
    }
    for (int item : starting_at_[node]) {
      const std::vector<int>& nodes = items_[item].nodes;
      Ahead taken;
      std::set_union(ahead.begin(), ahead.end(), nodes.begin() + 1, nodes.end(),
                     std::back_inserter(taken));
      if (taken.size() != ahead.size() + nodes.size() - 1)
        continue;  // one of its nodes is another's already
      offer(next, std::move(taken), state.cost + items_[item].cost, state.last, item);
    }
  }

  void offer(std::map<Ahead, State>& next, Ahead ahead, double cost, int last, int item) {
    const auto [found, fresh] = next.try_emplace(std::move(ahead));
    if (!fresh && !(cost < found->second.cost)) return;
    if (item >= 0) {
      choices_.push_back({item, last});
      last = static_cast<int>(choices_.size()) - 1;
    }
    found->second = {cost, last};
  }

  static void drop_dearest(std::map<Ahead, State>& states) {
    std::vector<double> costs;
    for (const auto& [ahead, state] : states) costs.push_back(state.cost);
    std::ranges::nth_element(costs, costs.begin() + most_states);
    std::erase_if(states, [limit = costs[most_states]](const auto& entry) {
      return entry.second.cost > limit;
    });
  }

  const std::vector<CoverItem>& items_;
  const std::vector<int> nodes_;
  std::map<int, std::vector<int>> starting_at_;
  std::vector<Choice> choices_;
};

int find_root(std::vector<int>& parents, int at) {
  while (parents[at] != at) at = parents[at] = parents[parents[at]];
  return at;
}

}  // namespace

std::vector<int> cheapest_cover(const std::vector<CoverItem>& items) {
  int last_node = -1;
  for (const CoverItem& item : items) last_node = std::max(last_node, item.nodes.back());
  std::vector<int> parents(static_cast<size_t>(last_node + 1));
  std::iota(parents.begin(), parents.end(), 0);
  std::vector<char> covered(parents.size(), 0);
  for (const CoverItem& item : items)
    for (int node : item.nodes) {
      covered[node] = 1;
      parents[find_root(parents, node)] = find_root(parents, item.nodes.front());
    }

  std::map<int, std::pair<std::vector<int>, std::vector<int>>> regions;  // members, nodes
  for (size_t i = 0; i < items.size(); ++i)
    regions[find_root(parents, items[i].nodes.front())].first.push_back(static_cast<int>(i));
  for (int node = 0; node <= last_node; ++node)
    if (covered[node]) regions[find_root(parents, node)].second.push_back(node);

  std::vector<int> chosen;
  for (auto& [root, region] : regions)
    Region(items, std::move(region.first), std::move(region.second)).solve(chosen);
  std::ranges::sort(chosen, {}, [&](int item) { return items[item].nodes.back(); });
  return chosen;
}

}  // namespace tenfold::graph
