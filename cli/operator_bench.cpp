#include "cli/operator_bench.h"

#include <algorithm>
#include <chrono>

#include "autotune/tuner.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/paths.h"
#include "cli/records.h"
#include "cli/series.h"
#include "codegen/kernel.h"
#include "dsl/op.h"

namespace tenfold::cli {
namespace {

using Json = OperatorBench::Json;
using Clock = std::chrono::steady_clock;

constexpr int least_rounds = 12;
constexpr int samples_a_round = 1;   // short rounds: a disturbance of milliseconds spoils few
constexpr double most_patience = 8;  // times the seconds asked for, until enough rounds were quiet
constexpr double least_sample_ns = 50'000, most_sample_ns = 2'000'000;
constexpr double limit_s = 60;  // of one answer of the runner

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A failure that ends the run, not one of a problem.
bool ends_all(const Error& error) {
  return error.code == ErrorCode::cancelled || error.code == ErrorCode::io;
}

Json nothing() {
  return Json(nullptr);
}

/// What a row is about.
Json subject_of(const Problem& problem, int threads, const Target& target) {
  return {{"problem", problem.text},
          {"family", problem.family},
          {"threads", threads},
          {"target", target.name},
          {"cpu", cpu_name()}};
}

std::vector<Array> copies_of(const std::vector<Array>& arrays) {
  std::vector<Array> copies;
  for (const Array& array : arrays) {
    Array& copy = copies.emplace_back(array.type(), array.dims());
    std::copy_n(array.bytes(), array.size_bytes(), copy.bytes());
  }
  return copies;
}

}  // namespace

Result<std::unique_ptr<OperatorBench>> OperatorBench::start(const OperatorBenchOptions& options) {
  std::unique_ptr<OperatorBench> bench(new OperatorBench(options));
  TENFOLD_TRY(bench->target_, parse_target(options.target));
  if (!runs_here(bench->target_))
    return Error{ErrorCode::unavailable, "--target " + bench->target_.name +
                                             ": operators are timed on this machine's CPU, which "
                                             "doesn't run it"};
  for (const std::string& name : options.against) {
    TENFOLD_TRY(auto peer, OperatorPeer::start(name));
    bench->peers_.push_back(std::move(peer));
  }
  if (options.trials > 0) {
    TENFOLD_TRY(const auto paths, database_paths(options.databases));
    TENFOLD_TRY(bench->database_,
                autotune::SqliteDatabase::open(
                    {.write = paths[0], .read = {paths.begin() + 1, paths.end()}}));
  } else {
    TENFOLD_TRY(bench->database_, open_records(options.databases));
  }
  TENFOLD_TRY(KernelCache cache, KernelCache::open());
  bench->cache_.emplace(std::move(cache));
  TENFOLD_TRY(bench->builder_, BuildAdapter::start(thread_count(0), 60, *bench->cache_));
  return bench;
}

Result<std::vector<Json>> OperatorBench::measure(const Problem& problem,
                                                 const std::vector<int>& threads) {
  TENFOLD_TRY(const ScratchFolder folder, ScratchFolder::make());
  std::vector<Json> rows;
  const auto failed_rows = [&](const Error& error) {
    for (const int count : threads) {
      Json& row = rows.emplace_back(subject_of(problem, count, target_));
      row["median_ms"] = nothing();
      row["reason"] = error.message;
    }
  };
  // Of the model's form: a plan's form of the task has the same operands.
  const auto data = autotune::make_task_data(problem.model, options_.seed);
  if (!data) {
    failed_rows(data.error());
    return rows;
  }
  const PeerData files{problem, *data, folder.path()};
  const auto copy = [&](const Task&) -> Result<autotune::TaskData> {
    return autotune::TaskData{copies_of(data->inputs), copies_of(data->params),
                              copies_of(data->expected)};
  };
  // A runner of its own for each problem: none sees what another one left.
  TENFOLD_TRY(
      const auto runner,
      autotune::RunnerClient::start(
          {.seed = options_.seed, .data = copy, .timeout_s = limit_s, .cancel = interrupt_flag()}));
  for (const int count : threads) {
    TENFOLD_CHECK(check_interrupted());
    TENFOLD_TRY(Json row, measure_one(problem, count, *runner, files));
    rows.push_back(std::move(row));
  }
  return rows;
}

Status OperatorBench::tune(const Problem& problem, int threads, autotune::RunnerClient& runner) {
  TENFOLD_TRY(const autotune::TuneReport report,
              autotune::tune({{problem.text, problem.task, 1}}, *builder_, runner, *database_,
                             {.target = target_,
                              .threads = threads,
                              .compiler = codegen::compiler_version(),
                              .seed = options_.seed,
                              .max_trials = options_.trials,
                              .cancel = interrupt_flag()}));
  return check_interrupted();
}

Result<OperatorBench::Chosen> OperatorBench::choose(const Problem& problem, int threads) {
  const Task& task = problem.task;
  if (!options_.config.empty()) {
    TENFOLD_TRY(Config config, parse_config(options_.config));
    TENFOLD_CHECK(schedules::check(task, target_, config));
    return Chosen{std::move(config), "given"};
  }
  if (!options_.space.empty()) {
    TENFOLD_TRY(const schedules::Space* space, schedules::find_space(options_.space));
    if (!space->serves(task, target_))
      return Error{ErrorCode::invalid_argument, "--space " + options_.space + ": serves it not"};
    return Chosen{space->initial(task, target_), "its default"};
  }
  TENFOLD_TRY(const Chooser chooser,
              Chooser::make(database_.get(), {task}, {.target = target_, .threads = threads}));
  const autotune::ChosenConfig& chosen = chooser.choose(task);
  return Chosen{chosen.config, to_string(chosen.source)};
}

Result<autotune::Candidate> OperatorBench::build(const Task& task, const Config& config) {
  builder_->submit(task, target_, config);
  return builder_->wait().candidate;
}

Status OperatorBench::run_rounds(const autotune::Candidate& candidate, const Demand& demand,
                                 autotune::RunnerClient& runner, Contest& contest) {
  const double share_ns = options_.seconds * 1e9 / static_cast<double>(1 + contest.entries.size());
  const auto sample_ns = static_cast<int64_t>(
      std::clamp(share_ns / (least_rounds * 4), least_sample_ns, most_sample_ns));
  const auto start = Clock::now();
  const auto wants_more = [&] {
    const double spent = seconds_since(start) / options_.seconds;
    if (contest.rounds() < least_rounds || spent < 1)
      return contest.rounds() == 0 || spent < 20;  // what takes seconds is not repeated for long
    return contest.quiet_rounds() < least_rounds && spent < most_patience;
  };
  while (wants_more()) {
    Round round{.peers = std::vector<PeerTimes>(contest.entries.size())};
    TENFOLD_TRY(round.ours, runner.figures(candidate, {.samples = samples_a_round,
                                                       .sample_ns = sample_ns,
                                                       .lanes = lane_widths(target_.lanes),
                                                       .read_bytes = demand.read_bytes,
                                                       .constant_bytes = demand.constant_bytes,
                                                       .write_bytes = demand.write_bytes}));
    for (size_t i = 0; i < contest.entries.size(); ++i) {
      PeerEntry& entry = contest.entries[i];
      if (!entry.reason.empty()) continue;
      const Status timed = entry.peer->time(samples_a_round, sample_ns, round.peers[i]);
      if (timed) continue;
      if (ends_all(timed.error())) return timed;
      entry.reason = timed.error().message;
    }
    contest.add(std::move(round));
  }
  return {};
}

Result<Json> OperatorBench::measure_one(const Problem& problem, int threads,
                                        autotune::RunnerClient& runner, const PeerData& data) {
  Json row = subject_of(problem, threads, target_);
  const auto failed = [&](const Error& error) -> Result<Json> {
    if (ends_all(error)) return error;
    for (const char* name : {"median_ms", "cold_ms", "gflops", "roof_share"}) row[name] = nothing();
    row["reason"] = error.message;
    return row;
  };
  if (options_.trials > 0)
    if (const Status tuned = tune(problem, threads, runner); !tuned) return failed(tuned.error());
  const Result<Chosen> chosen = choose(problem, threads);
  if (!chosen) return failed(chosen.error());
  row["config"] = to_text(chosen->config);
  row["origin"] = chosen->origin;
  const auto candidate = build(problem.task, chosen->config);
  if (!candidate) return failed(candidate.error());
  if (!options_.keep_object.empty()) {
    TENFOLD_TRY(const FileView object, FileView::open(candidate->object_path));
    TENFOLD_CHECK(replace_file(options_.keep_object, object.bytes()));
  }
  if (const Status ready = runner.prepare(problem.task, target_, threads); !ready)
    return failed(ready.error());
  const autotune::Measurement right = runner.measure(*candidate);
  TENFOLD_CHECK(check_interrupted());
  if (right.status != autotune::TrialStatus::ok)
    return failed({ErrorCode::failed, std::string(to_string(right.status)) + ": " + right.reason});

  Contest contest(paces_[threads]);
  for (const auto& peer : peers_) {
    PeerEntry& entry = contest.entries.emplace_back(PeerEntry{peer.get(), {}, ""});
    auto loaded = peer->load(data, threads);
    if (!loaded && ends_all(loaded.error())) return loaded.error();
    if (loaded)
      entry.loaded = *std::move(loaded);
    else
      entry.reason = loaded.error().message;
  }
  const Demand demand = demand_of(problem);
  if (const Status timed = run_rounds(*candidate, demand, runner, contest); !timed)
    return failed(timed.error());

  const ContestSeries series = contest.series();
  const double median_ms = quantile(series.warm_ms, 0.5);
  const double cold_ms = quantile(series.cold_ms, 0.5);
  const Roof roof = roof_of(demand, series.lane_peaks(), quantile(series.memory_ms, 0.5));
  const Roof cold = roof_of(demand, series.lane_peaks(), quantile(series.cold_memory_ms, 0.5));
  row["median_ms"] = median_ms;
  row["min_ms"] = quantile(series.warm_ms, 0);
  row["p10_ms"] = quantile(series.warm_ms, 0.1);
  row["p90_ms"] = quantile(series.warm_ms, 0.9);
  row["samples"] = series.warm_ms.size();
  row["rounds"] = contest.rounds();
  row["quiet_rounds"] = contest.quiet_rounds();
  row["cold_ms"] = cold_ms;
  row["cold_p90_ms"] = quantile(series.cold_ms, 0.9);
  row["flops"] = dsl::flops(problem.model);
  row["gflops"] = dsl::flops(problem.model) / median_ms / 1e6;
  row["roof_share"] = roof.time_ms / median_ms;
  row["cold_roof_share"] = cold.time_ms / cold_ms;
  row["roof"] = {{"bound", roof.memory ? "memory" : "multiply-add"},
                 {"ms", roof.time_ms},
                 {"compute_ms", roof.compute_ms},
                 {"memory_ms", roof.memory_ms},
                 {"cold_memory_ms", cold.memory_ms},
                 {"lanes", roof.peak.lanes},
                 {"peak_gflops", roof.peak.gflops}};
  row["peers"] = Json::object();
  for (size_t i = 0; i < contest.entries.size(); ++i) {
    const PeerEntry& entry = contest.entries[i];
    const PeerTimes& times = series.peers[i];
    const std::string& name = entry.peer->name();
    const bool timed = entry.reason.empty() && !times.warm_ms.empty();
    row["peers"][name] = timed ? Json(quantile(times.warm_ms, 0.5)) : nothing();
    if (!timed) {
      row["peer_reasons"][name] = entry.reason;
      continue;
    }
    row["peer_p90_ms"][name] = quantile(times.warm_ms, 0.9);
    if (!times.cold_ms.empty()) row["peers_cold"][name] = quantile(times.cold_ms, 0.5);
    for (const auto& [from, to] : {std::pair{"layout_share", "peer_layout_share"},
                                   {"call_ms", "peer_call_ms"},
                                   {"note", "peer_notes"},
                                   {"version", "peer_versions"}})
      if (entry.loaded.contains(from)) row[to][name] = entry.loaded[from];
  }
  return row;
}

}  // namespace tenfold::cli
