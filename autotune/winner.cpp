#include "autotune/winner.h"

#include <set>

namespace tenfold::autotune {

std::map<Config, Trial> decisive_trials(std::span<const Trial> trials) {
  std::set<Config> wrong;
  std::map<Config, Trial> decisive;
  for (const Trial& trial : trials) {
    if (trial.status == TrialStatus::wrong_result) wrong.insert(trial.config);
    if (trial.status != TrialStatus::ok || trial.samples_ns.empty()) continue;
    const auto [at, added] = decisive.try_emplace(trial.config, trial);
    if (added) continue;
    const size_t had = at->second.samples_ns.size(), has = trial.samples_ns.size();
    if (has > had || (has == had && trial.median_ns() > at->second.median_ns())) at->second = trial;
  }
  for (const Config& config : wrong) decisive.erase(config);
  return decisive;
}

std::optional<Trial> winner(std::span<const Trial> trials) {
  std::optional<Trial> best;
  for (const auto& [config, trial] : decisive_trials(trials))
    if (!best || trial.median_ns() < best->median_ns()) best = trial;
  return best;
}

}  // namespace tenfold::autotune
