#include "autotune/strategy.h"

#include <algorithm>
#include <numeric>

namespace tenfold::autotune {
namespace {

constexpr int attempts = 64;  // before a way of proposing gives up for this once

/// Points of the whole grid, legal or not; capped far above anything that is walked through.
int64_t grid_points(const SearchSpace& space) {
  int64_t points = 1;
  for (const schedules::Axis& axis : space.axes)
    points = std::min<int64_t>(points * static_cast<int64_t>(axis.values.size()), int64_t{1} << 40);
  return points;
}

Config grid_config(const SearchSpace& space, int64_t point) {
  Config config{space.algorithm, {}};
  for (const schedules::Axis& axis : space.axes) {
    const auto size = static_cast<int64_t>(axis.values.size());
    config.values[axis.name] = axis.values[point % size];
    point /= size;
  }
  return config;
}

}  // namespace

RandomThenLocal::RandomThenLocal(std::vector<SearchSpace> spaces, const StrategyOptions& options)
    : spaces_(std::move(spaces)),
      options_(options),
      random_(options.seed),
      best_of_space_(spaces_.size(), 0),
      cursor_(spaces_.size(), 0) {}

bool RandomThenLocal::fresh_and_legal(const SearchSpace& space, const Config& config) const {
  return !known_.contains(config) && space.legal(config);
}

/// Spaces are drawn with weight (best overall / best of the space)^2; one without a result yet
/// counts as the best.
size_t RandomThenLocal::pick_space() {
  const double best = best_.empty() ? 0 : best_.front().median_ns;
  std::vector<double> weights;
  for (const double own : best_of_space_)
    weights.push_back(own > 0 ? best * best / (own * own) : 1);
  double at = uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (size_t i = 0; i < weights.size(); ++i)
    if ((at -= weights[i]) < 0) return i;
  return weights.size() - 1;
}

std::optional<Config> RandomThenLocal::random_config() {
  for (int i = 0; i < attempts; ++i) {
    const SearchSpace& space = spaces_[pick_space()];
    Config config{space.algorithm, {}};
    for (const schedules::Axis& axis : space.axes)
      config.values[axis.name] = axis.values[below(axis.values.size())];
    if (fresh_and_legal(space, config)) return config;
  }
  return std::nullopt;
}

std::optional<Config> RandomThenLocal::neighbour_of_the_best() {
  for (int i = 0; i < attempts && !best_.empty(); ++i) {
    // The lower of two draws: the best is taken most often, the last of them seldom.
    const size_t parents = std::min<size_t>(best_.size(), options_.parents);
    Config config = best_[std::min(below(parents), below(parents))].config;
    const auto space = std::find_if(
        spaces_.begin(), spaces_.end(),
        [&](const SearchSpace& candidate) { return candidate.algorithm == config.algorithm; });
    if (space == spaces_.end() || space->axes.empty()) return std::nullopt;
    const int moves = uniform() < 0.4 ? 2 : 1;
    for (int move = 0; move < moves; ++move) {
      const schedules::Axis& axis = space->axes[below(space->axes.size())];
      const auto now = std::find(axis.values.begin(), axis.values.end(), config.values[axis.name]);
      const auto size = static_cast<int64_t>(axis.values.size());
      const int64_t reach = uniform() < 0.25 ? 2 : 1;
      const int64_t to = (now - axis.values.begin()) % size + (uniform() < 0.5 ? -reach : reach);
      if (to >= 0 && to < size) config.values[axis.name] = axis.values[to];
    }
    if (fresh_and_legal(*space, config)) return config;
  }
  return std::nullopt;
}

/// Walks through each grid once, from its first point, in steps that share no factor with its size:
/// neighbours in the walk are far apart.
std::optional<Config> RandomThenLocal::enumerate() {
  for (size_t i = 0; i < spaces_.size(); ++i) {
    const int64_t points = grid_points(spaces_[i]);
    int64_t step = std::max<int64_t>(1, points * 618 / 1000);
    while (std::gcd(step, points) != 1) ++step;
    for (; cursor_[i] < std::min(points, options_.enumerate_up_to); ++cursor_[i]) {
      const auto point = static_cast<int64_t>(static_cast<__int128>(cursor_[i]) * step % points);
      Config config = grid_config(spaces_[i], point);
      if (fresh_and_legal(spaces_[i], config)) return config;
    }
  }
  return std::nullopt;
}

std::optional<Config> RandomThenLocal::next() {
  for (; initial_ < spaces_.size(); ++initial_)
    if (fresh_and_legal(spaces_[initial_], spaces_[initial_].initial))
      return spaces_[initial_].initial;
  if (spaces_.empty()) return std::nullopt;
  if (random_done_ >= options_.random_first && uniform() >= options_.explore)
    if (auto config = neighbour_of_the_best()) return config;
  ++random_done_;
  if (auto config = random_config()) return config;
  if (auto config = neighbour_of_the_best()) return config;
  return enumerate();
}

std::vector<Config> RandomThenLocal::propose(int count) {
  std::vector<Config> proposed;
  while (static_cast<int>(proposed.size()) < count) {
    auto config = next();
    if (!config) break;
    known_.insert(*config);
    proposed.push_back(*std::move(config));
  }
  return proposed;
}

void RandomThenLocal::observe(const Trial& trial) {
  known_.insert(trial.config);
  if (trial.status != TrialStatus::ok) return;
  Scored scored{trial.median_ns(), trial.config};
  for (size_t i = 0; i < spaces_.size(); ++i)
    if (spaces_[i].algorithm == trial.config.algorithm)
      best_of_space_[i] =
          best_of_space_[i] > 0 ? std::min(best_of_space_[i], scored.median_ns) : scored.median_ns;
  std::erase_if(best_, [&](const Scored& known) { return known.config == scored.config; });
  best_.insert(std::upper_bound(best_.begin(), best_.end(), scored), std::move(scored));
  if (best_.size() > static_cast<size_t>(options_.parents)) best_.resize(options_.parents);
}

}  // namespace tenfold::autotune
