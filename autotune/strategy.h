// RandomThenLocal: the defaults of every algorithm, then random legal configs, then neighbours of
// the best few. Simple, and hard to beat on spaces whose axes are ordered so that neighbours are
// alike.
#pragma once
#include <random>
#include <set>
#include <vector>

#include "autotune/interfaces.h"
#include "autotune/search_space.h"

namespace tenfold::autotune {

struct StrategyOptions {
  uint64_t seed = 1;
  int random_first = 16;  // random configs before the first local move
  int parents = 5;        // local moves start from so many of the best
  double explore = 0.15;  // share of random configs afterwards
  int64_t enumerate_up_to =
      1 << 18;  // points of one space that are walked through when luck finds nothing new
};

/// Deterministic: the same seed, proposals and observations give the same sequence. Never proposes
/// what it proposed or observed before. Empty once every legal config (of spaces up to
/// enumerate_up_to points) is known.
class RandomThenLocal : public SearchStrategy {
 public:
  RandomThenLocal(std::vector<SearchSpace> spaces, const StrategyOptions& options);

  std::vector<Config> propose(int count) override;
  void observe(const Trial& trial) override;

 private:
  struct Scored {
    double median_ns;
    Config config;
    auto operator<=>(const Scored&) const = default;
  };

  std::optional<Config> next();
  std::optional<Config> random_config();
  std::optional<Config> neighbour_of_the_best();
  std::optional<Config> enumerate();
  size_t pick_space();
  bool fresh_and_legal(const SearchSpace& space, const Config& config) const;
  double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  size_t below(size_t bound) {
    return random_() % bound;
  }  // the same on every library, unlike a distribution

  std::vector<SearchSpace> spaces_;
  StrategyOptions options_;
  std::mt19937_64 random_;
  std::set<Config> known_;  // proposed or observed
  std::vector<Scored> best_;
  std::vector<double> best_of_space_;  // 0: nothing ok yet
  std::vector<int64_t> cursor_;        // next point of each space's walk
  size_t initial_ = 0;                 // next space whose default is due
  int random_done_ = 0;
};

}  // namespace tenfold::autotune
