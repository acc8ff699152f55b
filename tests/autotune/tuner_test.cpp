#include "autotune/tuner.h"

#include <gmock/gmock.h>

#include <deque>
#include <set>
#include <thread>

#include "autotune/database.h"
#include "dsl/op.h"
#include "tests/autotune/support.h"
#include "tests/sanitizers.h"

namespace tenfold::autotune {
namespace {

using testing::HasSubstr;

/// Builds nothing; fails for configs that it is told to fail for. Answers in reverse order of
/// submission.
class FakeBuilder : public Builder {
 public:
  int submit(const Task&, const Target&, const Config& config) override {
    queue_.push_back({++tickets_, config, Candidate{config, "symbol", "/nowhere", 0}});
    if (fails && fails(config))
      queue_.back().candidate = Error{ErrorCode::failed, "too many\nregisters"};
    return tickets_;
  }
  Built wait() override {
    Built last = queue_.back();
    queue_.pop_back();
    return last;
  }
  int pending() const override { return static_cast<int>(queue_.size()); }

  std::function<bool(const Config&)> fails;
  int submitted() const { return tickets_; }

 private:
  std::deque<Built> queue_;
  int tickets_ = 0;
};

/// Times are a function of task and config; a brief measurement may be told to flatter.
class FakeRunner : public Runner {
 public:
  Status prepare(const Task& task, const Target&, int) override {
    ++prepared;
    task_ = to_text(task);
    return refuse ? Status(Error{ErrorCode::failed, "no data"}) : Status();
  }
  Measurement measure(const Candidate& candidate, const MeasureOptions& options) override {
    if (after && --after_count == 0) after();
    Measurement measurement = answer ? answer(candidate.config) : Measurement{};
    if (measurement.status != TrialStatus::ok || !measurement.about_candidate) return measurement;
    EXPECT_TRUE(options.thorough || measured.insert({task_, candidate.config}).second)
        << to_text(candidate.config);
    thorough += options.thorough;
    const auto time =
        static_cast<int64_t>(1000 + std::hash<std::string>()(to_text(candidate.config)) % 1000);
    const bool flattered = !options.thorough && flatters && flatters(candidate.config);
    measurement.samples_ns.assign(options.thorough ? thorough_samples : 3, flattered ? 10 : time);
    if (thorough_ns)
      if (const auto given = thorough_ns(candidate.config); given && options.thorough)
        std::ranges::fill(measurement.samples_ns, *given);
    return measurement;
  }

  bool refuse = false;
  int prepared = 0, thorough = 0;
  std::function<Measurement(const Config&)> answer;
  std::function<bool(const Config&)> flatters;
  std::function<std::optional<int64_t>(const Config&)> thorough_ns;
  std::function<void()> after;  // called before measurement number after_count
  int after_count = 0;
  std::set<std::pair<std::string, Config>> measured;

 private:
  std::string task_;
};

class Tuner : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteDatabase::open({folder_.file("db"), {}});
    ASSERT_TRUE(opened);
    database_ = *std::move(opened);
    options_.target = *parse_target("x86_64-avx2");
    options_.compiler = "test";
    options_.max_trials = 40;
    for (const char* spec : {"conv2d n=1 h=14 w=14 c=32 k=32 r=3 s=3 pad=1 bias relu",
                             "conv2d n=1 h=28 w=28 c=16 k=96 r=1 s=1 bias"})
      tasks_.push_back({spec, *dsl::parse_op_spec(spec), 1});
  }

  TuneReport run() {
    auto report = tune(tasks_, builder_, runner_, *database_, options_);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : TuneReport{};
  }
  std::vector<Trial> stored() {
    auto trials = database_->trials(any_key());
    EXPECT_TRUE(trials);
    return trials ? *std::move(trials) : std::vector<Trial>{};
  }

  const Folder folder_;
  std::unique_ptr<SqliteDatabase> database_;
  FakeBuilder builder_;
  FakeRunner runner_;
  TuneOptions options_;
  std::vector<TuneTask> tasks_;
};

TEST_F(Tuner, SpendsItsTrialsAndStoresEachOne) {
  const TuneReport report = run();
  EXPECT_EQ(report.trials, 40);
  EXPECT_EQ(report.end, TuneReport::End::budget);
  EXPECT_EQ(stored().size(), 40u + runner_.thorough);
  EXPECT_EQ(builder_.submitted(), 40);
  ASSERT_EQ(report.tasks.size(), 2u);
  for (const TaskReport& task : report.tasks) {
    EXPECT_GE(task.trials, options_.batch / 2);
    ASSERT_TRUE(task.best);
    EXPECT_EQ(task.best->samples_ns.size(), thorough_samples);
    EXPECT_LE(task.best->median_ns(), task.first_ns);
  }
}

TEST_F(Tuner, StopsWhenItsTimeIsOver) {
  options_.max_trials = 0;
  options_.time_s = 0.3;
  runner_.answer = [](const Config&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return Measurement{};
  };
  const TuneReport report = run();
  EXPECT_EQ(report.end, TuneReport::End::budget);
  EXPECT_GT(report.trials, 16);
  EXPECT_LT(report.elapsed_s, 0.6 * tests::sanitizer_factor);
}

TEST_F(Tuner, GoesOnWhereItStopped) {
  const TuneReport first = run();
  const auto known = static_cast<int64_t>(stored().size());
  const TuneReport second = run();  // FakeRunner complains about a config that is measured twice
  EXPECT_EQ(second.trials, 40);
  EXPECT_EQ(second.tasks[0].known + second.tasks[1].known, known);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(second.tasks[i].first_ns, first.tasks[i].first_ns);
  for (int i = 0; i < 2; ++i)
    EXPECT_LE(second.tasks[i].best->median_ns(), first.tasks[i].best->median_ns());
}

TEST_F(Tuner, IgnoresRecordsOfOtherKeys) {
  run();
  runner_.measured.clear();
  options_.threads = 2;
  EXPECT_EQ(run().tasks[0].known, 0);
  runner_.measured.clear();
  options_.compiler = "newer";
  EXPECT_EQ(run().tasks[0].known, 0);
}

// Of one task: how the budget is shared among several depends on how long their batches take.
TEST_F(Tuner, IsDeterministicInItsSeed) {
  tasks_.resize(1);
  const auto configs = [&](uint64_t seed, const char* name) {
    database_ = *SqliteDatabase::open({folder_.file(name), {}});
    runner_.measured.clear();
    options_.seed = seed;
    run();
    return runner_.measured;
  };
  const auto a = configs(1, "a"), b = configs(1, "b"), c = configs(2, "c");
  EXPECT_TRUE(a == b);
  EXPECT_FALSE(a == c);
}

TEST_F(Tuner, StopsWhenCancelledAndKeepsWhatItHas) {
  std::atomic<bool> cancel = false;
  options_.cancel = &cancel;
  runner_.after_count = 11;
  runner_.after = [&] { cancel = true; };
  runner_.answer = [&](const Config&) {
    Measurement measurement;
    measurement.about_candidate = !cancel;
    return measurement;
  };
  const TuneReport report = run();
  EXPECT_EQ(report.end, TuneReport::End::cancelled);
  EXPECT_EQ(report.trials, 10);
  EXPECT_EQ(stored().size(), 10u);
  EXPECT_EQ(runner_.thorough, 0);
}

TEST_F(Tuner, RecordsEveryKindOfFailureAndGoesOn) {
  int count = 0;
  builder_.fails = [&](const Config&) { return ++count % 5 == 4; };
  int run_count = 0;
  runner_.answer = [&](const Config&) {
    constexpr TrialStatus kinds[] = {TrialStatus::ok, TrialStatus::run_failed,
                                     TrialStatus::wrong_result, TrialStatus::timeout};
    Measurement measurement;
    measurement.status = kinds[run_count++ % 4];
    if (measurement.status != TrialStatus::ok) measurement.reason = "because";
    return measurement;
  };
  options_.final_rounds = 0;
  const TuneReport report = run();
  EXPECT_EQ(report.trials, 40);
  std::map<TrialStatus, int64_t> failures, stored_failures;
  for (const TaskReport& task : report.tasks)
    for (const auto& [status, number] : task.failures) failures[status] += number;
  for (const Trial& trial : stored())
    if (trial.status != TrialStatus::ok) {
      ++stored_failures[trial.status];
      EXPECT_EQ(trial.reason,
                trial.status == TrialStatus::build_failed ? "too many registers" : "because");
    }
  EXPECT_EQ(failures, stored_failures);
  EXPECT_EQ(failures.size(), 4u);
}

TEST_F(Tuner, WinnersThatWereLuckyAreFoundOut) {
  // Every brief measurement of one config in eight flatters it; none of those may win on that
  // ground.
  runner_.flatters = [](const Config& config) {
    return std::hash<std::string>()(to_text(config)) % 20 == 0;
  };
  options_.final_rounds = 10;
  const TuneReport report = run();
  for (const TaskReport& task : report.tasks) EXPECT_GE(task.best->median_ns(), 1000);
}

TEST_F(Tuner, AnUnluckyDefaultGetsASecondChance) {
  // Its brief measurement was taken at a bad moment; at length it is the fastest.
  std::set<std::string> defaults;
  for (const TuneTask& task : tasks_)
    defaults.insert(to_text(schedules::initial_config(task.task, options_.target)));
  runner_.thorough_ns = [&](const Config& config) -> std::optional<int64_t> {
    if (defaults.contains(to_text(config))) return 900;
    return std::nullopt;
  };
  for (const TaskReport& task : run().tasks)
    EXPECT_TRUE(defaults.contains(to_text(task.best->config)));
}

TEST_F(Tuner, ReportsATaskThatCanNotBePrepared) {
  runner_.refuse = true;
  const TuneReport report = run();
  EXPECT_EQ(report.trials, 0);
  for (const TaskReport& task : report.tasks) EXPECT_EQ(task.problem, "no data");
}

TEST_F(Tuner, GivesUpWhenTheRunnerItselfFails) {
  runner_.answer = [](const Config&) {
    Measurement measurement;
    measurement.about_candidate = false;
    measurement.reason = "the disk is full";
    return measurement;
  };
  const auto report = tune(tasks_, builder_, runner_, *database_, options_);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("the disk is full"));
  EXPECT_TRUE(stored().empty());
}

TEST_F(Tuner, EndsWhenEverythingIsKnown) {
  tasks_ = {{"relu", *dsl::parse_op_spec("map n=1 h=3 w=3 c=4 relu"), 1}};
  options_.max_trials = 0;
  const TuneReport report = run();
  EXPECT_EQ(report.end, TuneReport::End::exhausted);
  EXPECT_GT(report.trials, 0);
  runner_.measured.clear();
  EXPECT_EQ(run().trials, 0);
}

TEST_F(Tuner, FavoursTheTaskThatWeighsMost) {
  tasks_[0].occurrences = 50;
  options_.max_trials = 120;
  const TuneReport report = run();
  EXPECT_GT(report.tasks[0].trials, 2 * report.tasks[1].trials);
}

TEST_F(Tuner, TellsHowItGoes) {
  std::vector<TuneProgress> told;
  options_.progress = [&](const TuneProgress& progress) { told.push_back(progress); };
  const TuneReport report = run();
  ASSERT_EQ(told.size(), 40u + runner_.thorough);
  EXPECT_EQ(told.back().trials, 40);
  EXPECT_TRUE(told.back().final_round);
  EXPECT_EQ(told.back().tasks_measured, 2);
  EXPECT_GT(told.back().network_ns, 2000);
  EXPECT_TRUE(told[20].left_s);
  EXPECT_EQ(told[0].tasks_measured, 1);
  EXPECT_EQ(told[0].task, tasks_[0].name);  // the heavier one
}

TEST_F(Tuner, BuildsAheadWithTheSameOutcome) {
  options_.build_ahead = true;
  const TuneReport report = run();
  EXPECT_EQ(report.trials, 40);
  EXPECT_EQ(builder_.submitted(), 40);
  EXPECT_EQ(builder_.pending(), 0);
}

}  // namespace
}  // namespace tenfold::autotune
