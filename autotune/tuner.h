// The tuner: shares a budget of time or trials among tasks, and for each of them has candidates
// proposed, built, checked, timed and recorded. Each trial is stored when it is known, so that a
// run that is interrupted at any moment has lost nothing, and the next one goes on from there.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autotune/interfaces.h"
#include "autotune/strategy.h"
#include "schedules/space.h"

namespace tenfold::autotune {

/// A task of a network; `occurrences` is how many of its kernels are this one.
struct TuneTask {
  std::string name;
  Task task;
  int occurrences = 1;
};

struct TuneProgress {
  int64_t trials = 0, failed = 0;  // of this run
  int64_t known = 0;               // found in the database
  double elapsed_s = 0;
  double trials_per_s = 0;
  std::optional<double> left_s;  // none while there is nothing to estimate it from
  std::string task;              // the last trial's: its name,
  Config config;
  std::optional<double> trial_ns;      // its median,
  std::optional<double> task_best_ns;  // and the best so far of its task
  double network_ns = 0;               // sum of the best, over the tasks that have one
  int tasks_measured = 0, tasks = 0;
  bool final_round = false;  // the best few are measured again
};

struct TuneOptions {
  Target target;
  int threads = 1;
  std::string compiler;  // part of the records' key
  uint64_t seed = 1;     // each task's search has its own, derived from this and the task
  double accuracy = schedules::default_accuracy;  // bound on the error of what is searched
  int64_t max_trials =
      0;              // of this run, over all tasks, those of the final round apart; 0: no bound
  double time_s = 0;  // of this run, the final round included; 0: no bound
  int batch = 8;      // candidates of one task that are built together
  int final_rounds =
      4;  // at the end a task's winner is measured at length, until it stays the winner or so often
  bool build_ahead =
      false;  // builds go on while a candidate is timed: only where cores are to spare for it
  StrategyOptions strategy;  // its seed is replaced
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(const TuneProgress&)> progress;
};

struct TaskReport {
  std::string name;
  std::optional<Trial> best;  // of this run and all before it, for the key
  double first_ns = 0;        // of the untuned default; 0 when it has no right measurement
  int64_t trials = 0, known = 0;
  std::map<TrialStatus, int64_t> failures;
  std::string problem;  // why the task could not be tuned, or ""
};

struct TuneReport {
  enum class End { budget, exhausted, cancelled } end = End::budget;
  std::vector<TaskReport> tasks;  // in the order given
  int64_t trials = 0;
  double elapsed_s = 0;
};

/// Gives each task a first batch, then the next one always to the task that promises the most:
/// occurrences times best time times recent improvement. Errors: those of the database; failed when
/// the runner can't be kept alive. A task that can't be prepared is reported and left out.
Result<TuneReport> tune(const std::vector<TuneTask>& tasks, Builder& builder, Runner& runner,
                        Database& database, const TuneOptions& options);

}  // namespace tenfold::autotune
