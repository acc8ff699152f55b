#include "autotune/task_search.h"

#include <algorithm>
#include <charconv>

#include "autotune/winner.h"
#include "base/hash.h"

namespace tenfold::autotune {
namespace {

constexpr int batches_without_success = 3;  // before a task with nothing but failures comes last
constexpr double unmeasured = 1e15, last_resort = 1;
constexpr double first_improvement = 0.3;  // what an unknown task is expected to gain by a batch
constexpr double least_improvement =
    0.1;  // divided by the batches so far: nobody is forgotten for ever

uint64_t seed_of(const std::string& task, uint64_t seed) {
  const std::string hash = content_hash(task + '\n' + std::to_string(seed));
  uint64_t value = 0;
  std::from_chars(hash.data(), hash.data() + 16, value, 16);
  return value;
}

}  // namespace

TaskSearch::TaskSearch(const TuneTask& task, const TuneOptions& options, TrialKey key)
    : task_(&task),
      key_(std::move(key)),
      accuracy_(options.accuracy),
      untuned_(schedules::initial_config(task.task, options.target, options.accuracy)),
      improvement_(first_improvement) {
  StrategyOptions strategy = options.strategy;
  strategy.seed = seed_of(key_.task, options.seed);
  strategy_ = std::make_unique<RandomThenLocal>(
      search_spaces(task.task, options.target, options.accuracy), strategy);
}

TrialKey TaskSearch::key_of(const Config& config) const {
  TrialKey key = key_;
  const auto space = schedules::find_space(config.algorithm);
  key.space_version = space ? (*space)->version : 0;
  return key;
}

void TaskSearch::resume(const std::vector<Trial>& trials) {
  for (const Trial& trial : trials) {
    if (trial.key != key_of(trial.config)) continue;
    if (!schedules::accurate(task_->task, trial.config, accuracy_)) continue;
    ++known_;
    trials_.push_back(trial);
    strategy_->observe(trial);
  }
  if (const auto best = winner(trials_)) best_ns_ = best_before_batch_ns_ = best->median_ns();
}

std::vector<Config> TaskSearch::propose(int count) {
  std::vector<Config> configs = strategy_->propose(count);
  exhausted_ = configs.empty();
  return configs;
}

void TaskSearch::observe(const Trial& trial) {
  trials_.push_back(trial);
  strategy_->observe(trial);
  if (trial.status != TrialStatus::ok) return;
  const double median_ns = trial.median_ns();
  if (best_ns_ == 0 || median_ns < best_ns_) best_ns_ = median_ns;
}

void TaskSearch::end_batch(double seconds_spent) {
  seconds_spent = std::max(seconds_spent, 1e-3);
  batch_s_ = batches_ == 1 ? seconds_spent : (batch_s_ + seconds_spent) / 2;
  // What the very first batch brings says nothing about the next.
  if (batches_ > 1 && best_before_batch_ns_ > 0)
    improvement_ = (improvement_ + (best_before_batch_ns_ - best_ns_) / best_before_batch_ns_) / 2;
  best_before_batch_ns_ = best_ns_;
}

double TaskSearch::promise() const {
  if (exhausted_ || has_problem()) return 0;
  if (best_ns_ == 0) return batches_ < batches_without_success ? unmeasured : last_resort;
  const double expected = std::max(improvement_, least_improvement / (1 + batches_));
  return task_->occurrences * best_ns_ * expected / batch_s_;
}

std::optional<double> TaskSearch::best_ns() const {
  if (best_ns_ == 0) return std::nullopt;
  return best_ns_;
}

std::optional<Config> TaskSearch::unconfirmed_winner() const {
  const auto best = winner(trials_);
  if (!best || best->samples_ns.size() >= thorough_samples) return std::nullopt;
  return best->config;
}

std::optional<Config> TaskSearch::unconfirmed_default() const {
  const auto decisive = decisive_trials(trials_);
  const auto at = decisive.find(untuned_);
  if (at == decisive.end() || at->second.samples_ns.size() >= thorough_samples) return std::nullopt;
  return untuned_;
}

const Candidate* TaskSearch::built(const Config& config) const {
  const auto found = built_.find(config);
  return found == built_.end() ? nullptr : &found->second;
}

TaskReport TaskSearch::report() const {
  TaskReport report;
  report.name = task_->name;
  report.best = winner(trials_);
  const auto decisive = decisive_trials(trials_);
  if (const auto at = decisive.find(untuned_); at != decisive.end())
    report.first_ns = at->second.median_ns();
  report.trials = static_cast<int64_t>(trials_.size()) - known_;
  report.known = known_;
  for (size_t i = static_cast<size_t>(known_); i < trials_.size(); ++i)
    if (trials_[i].status != TrialStatus::ok) ++report.failures[trials_[i].status];
  report.problem = problem_;
  return report;
}

}  // namespace tenfold::autotune
