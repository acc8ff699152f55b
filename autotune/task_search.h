// TaskSearch: the tuner's state of one task: its strategy, what is known of its configs, and what a
// further batch promises.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autotune/tuner.h"

namespace tenfold::autotune {

class TaskSearch {
 public:
  /// `key` is the task's, without a space's version.
  TaskSearch(const TuneTask& task, const TuneOptions& options, TrialKey key);

  const TuneTask& task() const { return *task_; }
  TrialKey key_of(const Config& config) const;

  /// Trials of earlier runs: observed, and never proposed again. Those of other versions of a space
  /// are ignored.
  void resume(const std::vector<Trial>& trials);

  std::vector<Config> propose(int count);
  void observe(const Trial& trial);
  void begin_batch() { ++batches_; }
  /// The batch has been measured, in seconds_spent: what it brought and took is what the next one
  /// is expected to.
  void end_batch(double seconds_spent);

  /// Nanoseconds of the network's time that a further batch may save, on past evidence; 0 when
  /// there is nothing to try.
  double promise() const;

  std::optional<double> best_ns() const;
  /// The winner, when only a brief measurement speaks for it.
  std::optional<Config> unconfirmed_winner() const;
  /// What a compile takes without a record, when only a brief measurement speaks against it: it may
  /// have been taken at a bad moment, and the winner must not be slower.
  std::optional<Config> unconfirmed_default() const;

  void keep(const Candidate& candidate) { built_[candidate.config] = candidate; }
  const Candidate* built(const Config& config) const;

  void set_problem(std::string problem) { problem_ = std::move(problem); }
  bool has_problem() const { return !problem_.empty(); }
  int batches() const { return batches_; }
  bool exhausted() const { return exhausted_; }
  TaskReport report() const;
  int64_t known() const { return known_; }

 private:
  const TuneTask* task_;
  TrialKey key_;
  double accuracy_;
  Config untuned_;  // what a compile takes without a record
  std::unique_ptr<SearchStrategy> strategy_;
  std::vector<Trial> trials_;  // all of the key, known and new
  std::map<Config, Candidate> built_;
  std::string problem_;
  int64_t known_ = 0;
  int batches_ = 0;
  bool exhausted_ = false;
  double best_ns_ = 0, best_before_batch_ns_ = 0;
  double improvement_;  // relative, of a batch: a decaying mean
  double batch_s_ = 1;  // what a batch takes: a decaying mean
};

}  // namespace tenfold::autotune
