#include "autotune/tuner.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "autotune/task_search.h"
#include "dsl/op.h"

namespace tenfold::autotune {
namespace {

constexpr int runner_failures_in_a_row =
    3;  // of its own, not of candidates, before tuning is given up
constexpr size_t longest_reason = 400;
constexpr double final_share = 0.25;      // of the time, at most, is kept for the final round
constexpr double final_overhead_s = 0.1;  // of one of its measurements, beside the samples

struct Round {
  TaskSearch* search = nullptr;
  std::vector<int> tickets;
  double begun_s = 0;
};

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > longest_reason) text = text.substr(0, longest_reason) + "...";
  return text;
}

class Tuning {
 public:
  Tuning(Builder& builder, Runner& runner, Database& database, const TuneOptions& options)
      : builder_(builder), runner_(runner), database_(database), options_(options) {}

  Status start(const std::vector<TuneTask>& tasks);
  Status search();
  Status confirm_winners();
  TuneReport report() const;

 private:
  double elapsed_s() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  bool cancelled() const { return options_.cancel && *options_.cancel; }
  bool out_of_time(double kept_s) const {
    return options_.time_s > 0 && elapsed_s() >= options_.time_s - kept_s;
  }
  bool search_is_over() const;
  double final_round_s() const;
  TaskSearch* pick();
  Round begin_round();
  Status finish_round(const Round& round);
  const Builder::Built& await(int ticket);
  /// A measurement at length. False: there can't be one.
  Result<bool> confirm(TaskSearch& search, const Config& config);
  Status measure(TaskSearch& search, const Candidate& candidate, bool thorough);
  Status record(TaskSearch& search, const Config& config, const Measurement& measurement,
                bool in_search);
  void tell(const TaskSearch& search, const Trial& trial);

  using Clock = std::chrono::steady_clock;
  Builder& builder_;
  Runner& runner_;
  Database& database_;
  const TuneOptions& options_;
  const Clock::time_point begin_ = Clock::now();
  std::vector<std::unique_ptr<TaskSearch>> searches_;
  std::vector<TaskSearch*> by_weight_;
  std::map<int, Builder::Built> arrived_;
  int64_t trials_ = 0, failed_ = 0, proposed_ = 0;
  int runner_failures_ = 0;
  bool exhausted_ = false, final_ = false;
};

Status Tuning::start(const std::vector<TuneTask>& tasks) {
  std::string device = cpu_name();
  for (const TuneTask& task : tasks) {
    TrialKey key{.task = to_text(task.task),
                 .target = options_.target.name,
                 .device_name = device,
                 .threads = options_.threads,
                 .space_version = 0,
                 .compiler = options_.compiler};
    TENFOLD_TRY(const std::vector<Trial> known, database_.trials(key));
    searches_.push_back(std::make_unique<TaskSearch>(task, options_, std::move(key)));
    searches_.back()->resume(known);
    by_weight_.push_back(searches_.back().get());
  }
  const auto weight = [](const TaskSearch* search) {
    return search->task().occurrences * dsl::flops(search->task().task);
  };
  std::stable_sort(by_weight_.begin(), by_weight_.end(),
                   [&](const TaskSearch* a, const TaskSearch* b) { return weight(a) > weight(b); });
  return {};
}

bool Tuning::search_is_over() const {
  return cancelled() || out_of_time(final_round_s()) ||
         (options_.max_trials > 0 && trials_ >= options_.max_trials);
}

/// What confirming the winners is going to take, about.
double Tuning::final_round_s() const {
  double total_s = 0;
  for (const auto& search : searches_)
    if (const auto best_ns = search->best_ns(); best_ns && search->unconfirmed_winner())
      total_s += 2.5 * (final_overhead_s + *best_ns * 1e-9 * thorough_samples);
  return std::min(total_s, final_share * options_.time_s);
}

/// Each task once, those with the most arithmetic first; then the one that promises the most.
TaskSearch* Tuning::pick() {
  TaskSearch* best = nullptr;
  for (TaskSearch* search : by_weight_) {
    if (search->promise() <= 0) continue;
    if (search->batches() == 0) return search;
    if (!best || search->promise() > best->promise()) best = search;
  }
  return best;
}

/// Proposes a batch and has it built. No search: everything is exhausted.
Round Tuning::begin_round() {
  while (TaskSearch* search = pick()) {
    // The first batch is short: all tasks are to have something before any has much.
    int count = search->batches() == 0 ? (options_.batch + 1) / 2 : options_.batch;
    if (options_.max_trials > 0)
      count = static_cast<int>(
          std::min<int64_t>(count, std::max<int64_t>(options_.max_trials - proposed_, 0)));
    if (count == 0) return {};
    const std::vector<Config> configs = search->propose(count);
    proposed_ += static_cast<int64_t>(configs.size());
    if (configs.empty()) continue;
    search->begin_batch();
    Round round{search, {}, elapsed_s()};
    for (const Config& config : configs)
      round.tickets.push_back(builder_.submit(search->task().task, options_.target, config));
    return round;
  }
  exhausted_ = true;
  return {};
}

const Builder::Built& Tuning::await(int ticket) {
  while (!arrived_.contains(ticket)) {
    Builder::Built built = builder_.wait();
    arrived_.emplace(built.ticket, std::move(built));
  }
  return arrived_.at(ticket);
}

Status Tuning::finish_round(const Round& round) {
  TaskSearch& search = *round.search;
  const Status ready = runner_.prepare(search.task().task, options_.target, options_.threads);
  if (!options_.build_ahead)
    for (const int ticket : round.tickets)
      if (!search_is_over()) await(ticket);
  if (!ready) {
    if (!cancelled()) search.set_problem(ready.error().message);
    return {};
  }
  for (const int ticket : round.tickets) {
    if (search_is_over()) return {};
    const Builder::Built built = await(ticket);
    arrived_.erase(ticket);
    if (search_is_over()) return {};
    if (built.candidate) {
      TENFOLD_CHECK(measure(search, *built.candidate, false));
    } else if (built.candidate.error().code == ErrorCode::io) {
      return built.candidate.error();  // a full disk says nothing about the candidate
    } else {
      Measurement failure;
      failure.status = TrialStatus::build_failed;
      failure.reason = built.candidate.error().message;
      TENFOLD_CHECK(record(search, built.config, failure, true));
    }
  }
  search.end_batch(elapsed_s() - round.begun_s);
  return {};
}

Status Tuning::measure(TaskSearch& search, const Candidate& candidate, bool thorough) {
  const MeasureOptions options{.best_ns = search.best_ns().value_or(0), .thorough = thorough};
  const Measurement measurement = runner_.measure(candidate, options);
  if (!measurement.about_candidate) {
    if (cancelled()) return {};
    if (++runner_failures_ < runner_failures_in_a_row) return {};
    return Error{ErrorCode::failed, "measuring is not possible: " + measurement.reason};
  }
  runner_failures_ = 0;
  search.keep(candidate);
  return record(search, candidate.config, measurement, !thorough);
}

Status Tuning::record(TaskSearch& search, const Config& config, const Measurement& measurement,
                      bool in_search) {
  if (cancelled() && measurement.status != TrialStatus::ok)
    return {};  // its processes were interrupted too
  Trial trial{.key = search.key_of(config),
              .config = config,
              .status = measurement.status,
              .reason = one_line(measurement.reason),
              .samples_ns = measurement.samples_ns,
              .created_unix_s = static_cast<int64_t>(std::time(nullptr))};
  TENFOLD_CHECK(database_.insert(trial));
  search.observe(trial);
  trials_ += in_search;
  failed_ += trial.status != TrialStatus::ok;
  tell(search, trial);
  return {};
}

void Tuning::tell(const TaskSearch& search, const Trial& trial) {
  if (!options_.progress) return;
  TuneProgress progress;
  progress.trials = trials_;
  progress.failed = failed_;
  progress.elapsed_s = elapsed_s();
  progress.trials_per_s = static_cast<double>(trials_) / std::max(progress.elapsed_s, 1e-3);
  if (options_.time_s > 0)
    progress.left_s = std::max(0.0, options_.time_s - progress.elapsed_s);
  else if (options_.max_trials > 0)
    progress.left_s =
        static_cast<double>(options_.max_trials - trials_) / std::max(progress.trials_per_s, 1e-3);
  progress.task = search.task().name;
  progress.config = trial.config;
  if (trial.status == TrialStatus::ok) progress.trial_ns = trial.median_ns();
  progress.task_best_ns = search.best_ns();
  for (const auto& other : searches_) {
    progress.known += other->known();
    if (const auto best_ns = other->best_ns()) {
      progress.network_ns += other->task().occurrences * *best_ns;
      ++progress.tasks_measured;
    }
  }
  progress.tasks = static_cast<int>(searches_.size());
  progress.final_round = final_;
  options_.progress(progress);
}

Status Tuning::search() {
  Round next;
  while (!search_is_over()) {
    Round round = next.search ? std::move(next) : begin_round();
    next = {};
    if (!round.search) break;
    if (options_.build_ahead) next = begin_round();
    TENFOLD_CHECK(finish_round(round));
  }
  exhausted_ = exhausted_ && !search_is_over();
  return {};
}

/// Nothing is built while a winner is measured at length; the tasks that weigh most come first.
Status Tuning::confirm_winners() {
  final_ = true;
  std::vector<TaskSearch*> order;
  for (const auto& search : searches_) order.push_back(search.get());
  const auto weight = [](const TaskSearch* search) {
    return search->task().occurrences * search->best_ns().value_or(0);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const TaskSearch* a, const TaskSearch* b) { return weight(a) > weight(b); });
  while (builder_.pending() > 0 && !cancelled()) builder_.wait();
  for (TaskSearch* search : order)
    for (int round = 0; round < options_.final_rounds && !cancelled() && !out_of_time(0); ++round) {
      auto config = search->unconfirmed_winner();
      if (!config) config = search->unconfirmed_default();
      if (!config) break;
      TENFOLD_TRY(const bool measured, confirm(*search, *config));
      if (!measured) break;
    }
  return {};
}

Result<bool> Tuning::confirm(TaskSearch& search, const Config& config) {
  if (!search.built(config)) {  // known from an earlier run
    const Builder::Built built =
        await(builder_.submit(search.task().task, options_.target, config));
    if (!built.candidate) return false;
    search.keep(*built.candidate);
  }
  if (!runner_.prepare(search.task().task, options_.target, options_.threads)) return false;
  TENFOLD_CHECK(measure(search, *search.built(config), true));
  return true;
}

TuneReport Tuning::report() const {
  TuneReport report;
  if (cancelled())
    report.end = TuneReport::End::cancelled;
  else if (exhausted_)
    report.end = TuneReport::End::exhausted;
  for (const auto& search : searches_) report.tasks.push_back(search->report());
  report.trials = trials_;
  report.elapsed_s = elapsed_s();
  return report;
}

}  // namespace

Result<TuneReport> tune(const std::vector<TuneTask>& tasks, Builder& builder, Runner& runner,
                        Database& database, const TuneOptions& options) {
  Tuning tuning(builder, runner, database, options);
  TENFOLD_CHECK(tuning.start(tasks));
  TENFOLD_CHECK(tuning.search());
  TENFOLD_CHECK(tuning.confirm_winners());
  return tuning.report();
}

}  // namespace tenfold::autotune
