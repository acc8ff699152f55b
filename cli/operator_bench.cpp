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

constexpr int least_rounds = 4, samples_a_round = 3;
constexpr double least_sample_ns = 50'000, most_sample_ns = 2'000'000;
constexpr double limit_s = 60;  // of one answer of the runner

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void append(std::vector<double>& to, const std::vector<double>& from, double scale) {
  for (const double value : from) to.push_back(value * scale);
}

/// A failure that ends the run, not one of a problem.
bool ends_all(const Error& error) {
  return error.code == ErrorCode::cancelled || error.code == ErrorCode::io;
}

Json nothing() {
  return Json(nullptr);
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

struct OperatorBench::Contest {
  struct Entry {
    OperatorPeer* peer;
    nlohmann::json loaded;
    PeerTimes times;
    std::string reason;  // why it takes no part; empty: it does
  };
  std::vector<double> warm_ms, cold_ms, memory_ms, cold_memory_ms;
  std::vector<runner_protocol::Peak> peaks;
  std::vector<Entry> entries;
  int64_t sample_ns = 500'000;

  std::vector<LanePeak> lane_peaks() const {
    std::vector<LanePeak> medians;
    for (const runner_protocol::Peak& peak : peaks)
      medians.push_back({peak.lanes, quantile(peak.gflops, 0.5)});
    return medians;
  }
};

Result<std::unique_ptr<OperatorBench>> OperatorBench::start(const OperatorBenchOptions& options) {
  std::unique_ptr<OperatorBench> bench(new OperatorBench(options));
  for (const std::string& name : options.against) {
    TENFOLD_TRY(auto peer, OperatorPeer::start(name));
    bench->peers_.push_back(std::move(peer));
  }
  TENFOLD_TRY(bench->target_, parse_target("host"));
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
    for (const int count : threads)
      rows.push_back({{"problem", problem.text},
                      {"family", problem.family},
                      {"threads", count},
                      {"median_ms", nullptr},
                      {"reason", error.message}});
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

Status OperatorBench::time_ours(const autotune::Candidate& candidate, const Demand& demand,
                                autotune::RunnerClient& runner, Contest& contest) {
  TENFOLD_TRY(const auto figures,
              runner.figures(candidate, {.samples = samples_a_round,
                                         .sample_ns = contest.sample_ns,
                                         .lanes = lane_widths(target_.lanes),
                                         .read_bytes = demand.read_bytes,
                                         .constant_bytes = demand.constant_bytes,
                                         .write_bytes = demand.write_bytes}));
  append(contest.warm_ms, figures.warm_ns, 1e-6);
  append(contest.cold_ms, figures.cold_ns, 1e-6);
  append(contest.memory_ms, figures.memory_ns, 1e-6);
  append(contest.cold_memory_ms, figures.cold_memory_ns, 1e-6);
  for (size_t i = 0; i < figures.peaks.size(); ++i) {
    if (contest.peaks.size() <= i) contest.peaks.push_back({figures.peaks[i].lanes, {}});
    append(contest.peaks[i].gflops, figures.peaks[i].gflops, 1);
  }
  return {};
}

Status OperatorBench::run_rounds(const autotune::Candidate& candidate, const Demand& demand,
                                 autotune::RunnerClient& runner, Contest& contest) {
  const double share_ns = options_.seconds * 1e9 / static_cast<double>(1 + contest.entries.size());
  contest.sample_ns = static_cast<int64_t>(
      std::clamp(share_ns / (least_rounds * samples_a_round * 4), least_sample_ns, most_sample_ns));
  const auto start = Clock::now();
  for (int round = 0; round < least_rounds || seconds_since(start) < options_.seconds; ++round) {
    // A problem that takes seconds is not repeated for long.
    if (round > 0 && seconds_since(start) > 20 * options_.seconds) return {};
    TENFOLD_CHECK(time_ours(candidate, demand, runner, contest));
    for (Contest::Entry& entry : contest.entries) {
      if (!entry.reason.empty()) continue;
      const Status timed = entry.peer->time(samples_a_round, contest.sample_ns, entry.times);
      if (timed) continue;
      if (ends_all(timed.error())) return timed;
      entry.reason = timed.error().message;
    }
  }
  return {};
}

Result<Json> OperatorBench::measure_one(const Problem& problem, int threads,
                                        autotune::RunnerClient& runner, const PeerData& data) {
  Json row{{"problem", problem.text},
           {"family", problem.family},
           {"threads", threads},
           {"cpu", cpu_name()}};
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

  Contest contest;
  for (const auto& peer : peers_) {
    Contest::Entry& entry = contest.entries.emplace_back(Contest::Entry{peer.get(), {}, {}, ""});
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

  const double median_ms = quantile(contest.warm_ms, 0.5);
  const double cold_ms = quantile(contest.cold_ms, 0.5);
  const Roof roof = roof_of(demand, contest.lane_peaks(), quantile(contest.memory_ms, 0.5));
  const Roof cold = roof_of(demand, contest.lane_peaks(), quantile(contest.cold_memory_ms, 0.5));
  row["median_ms"] = median_ms;
  row["min_ms"] = quantile(contest.warm_ms, 0);
  row["p10_ms"] = quantile(contest.warm_ms, 0.1);
  row["p90_ms"] = quantile(contest.warm_ms, 0.9);
  row["samples"] = contest.warm_ms.size();
  row["cold_ms"] = cold_ms;
  row["cold_p90_ms"] = quantile(contest.cold_ms, 0.9);
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
  for (const Contest::Entry& entry : contest.entries) {
    const std::string& name = entry.peer->name();
    const bool timed = entry.reason.empty() && !entry.times.warm_ms.empty();
    row["peers"][name] = timed ? Json(quantile(entry.times.warm_ms, 0.5)) : nothing();
    if (!timed) {
      row["peer_reasons"][name] = entry.reason;
      continue;
    }
    row["peer_p90_ms"][name] = quantile(entry.times.warm_ms, 0.9);
    if (!entry.times.cold_ms.empty()) row["peers_cold"][name] = quantile(entry.times.cold_ms, 0.5);
    for (const auto& [from, to] : {std::pair{"layout_share", "peer_layout_share"},
                                   {"call_ms", "peer_call_ms"},
                                   {"note", "peer_notes"},
                                   {"version", "peer_versions"}})
      if (entry.loaded.contains(from)) row[to][name] = entry.loaded[from];
  }
  return row;
}

}  // namespace tenfold::cli
