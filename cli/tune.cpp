// tenfold tune: measures schedules on this machine, for a model's kernels or for single operators,
// and records every trial.
#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "autotune/runner_client.h"
#include "autotune/tuner.h"
#include "cli/build_adapter.h"
#include "cli/choose.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/model.h"
#include "cli/paths.h"
#include "cli/progress.h"
#include "cli/records.h"
#include "codegen/kernel.h"
#include "graph/planner.h"

namespace tenfold::cli {
namespace {

using Json = nlohmann::ordered_json;
using autotune::TuneReport;

struct Options {
  ModelOptions model;
  std::vector<std::string> ops, databases;
  std::string target = "host", time, accuracy = "default", json;
  int64_t trials = 0;
  int threads = 0, jobs = 0;
  uint64_t seed = 1;
};

/// "90", "90s", "5m", "1h": seconds.
Result<double> parse_time(const std::string& text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  const std::map<std::string, double> units{{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}};
  if (status != std::errc() || !units.contains(unit) || !(value > 0 && value < 1e6))
    return Error{ErrorCode::invalid_argument,
                 "--time " + text + ": expected a duration such as 90s, 5m or 1h"};
  return value * units.at(unit);
}

Result<std::vector<autotune::TuneTask>> tasks_of(const Options& options, const Target& target) {
  std::vector<autotune::TuneTask> tasks;
  for (const std::string& spec : options.ops) {
    TENFOLD_TRY(Task task, parse_operator(spec));
    tasks.push_back({spec, std::move(task), 1});
  }
  if (!options.ops.empty()) return tasks;
  TENFOLD_TRY(const graph::Network network, load_network(options.model));
  const graph::PlanOptions plan_options{.name = "network", .device = target.device, .layout = {}};
  TENFOLD_TRY(const auto candidates, graph::candidate_tasks(network, plan_options));
  TENFOLD_TRY(const graph::Plan plan, graph::make_plan(network, plan_options));
  std::map<std::string, int> occurrences;
  std::map<std::string, std::string> names;
  for (const graph::Step& step : plan.steps) {
    const std::string text = to_text(step.task);
    ++occurrences[text];
    names.emplace(text, step.name);
  }
  for (const Task& task : candidates) {
    const std::string text = to_text(task);
    const auto name = names.find(text);
    const auto count = occurrences.find(text);
    tasks.push_back({name == names.end() ? task.op : name->second, task,
                     count == occurrences.end() ? 1 : count->second});
  }
  return tasks;
}

std::string progress_text(const autotune::TuneProgress& progress) {
  std::string text = fmt::format(
      "{} trials ({} failed), {:.1f} a second, {} of {} tasks, kernels {:.3f} ms in sum",
      progress.trials, progress.failed, progress.trials_per_s, progress.tasks_measured,
      progress.tasks, progress.network_ns / 1e6);
  if (progress.left_s) text += ", " + duration_text(*progress.left_s) + " left";
  if (progress.final_round) text += ", measuring the winners again";
  if (progress.task_best_ns)
    text += fmt::format(" | {}: best {:.4f} ms", progress.task, *progress.task_best_ns / 1e6);
  return text;
}

const char* end_text(TuneReport::End end) {
  switch (end) {
    case TuneReport::End::budget:
      return "budget spent";
    case TuneReport::End::exhausted:
      return "search spaces exhausted";
    case TuneReport::End::cancelled:
      return "interrupted";
  }
  return "unknown";
}

Json report_json(const TuneReport& report, const std::string& database, uint64_t seed) {
  Json json{{"end", end_text(report.end)},
            {"trials", report.trials},
            {"elapsed_s", report.elapsed_s},
            {"database", database},
            {"seed", seed},
            {"tasks", Json::array()}};
  for (const autotune::TaskReport& task : report.tasks) {
    Json row{{"name", task.name}, {"trials", task.trials}, {"known", task.known}};
    if (task.best) {
      row["task"] = task.best->key.task;
      row["config"] = to_text(task.best->config);
      row["best_ms"] = task.best->median_ns() / 1e6;
      row["first_ms"] = task.first_ns / 1e6;
    }
    for (const auto& [status, count] : task.failures) row[to_string(status)] = count;
    if (!task.problem.empty()) row["problem"] = task.problem;
    json["tasks"].push_back(std::move(row));
  }
  return json;
}

void print(const TuneReport& report, const std::string& database) {
  double first = 0, best = 0;
  int without = 0;
  for (const autotune::TaskReport& task : report.tasks) {
    without += !task.best;
    if (!task.problem.empty()) fmt::print("not tuned: {}: {}\n", task.name, task.problem);
    if (!task.best || task.first_ns <= 0) continue;
    first += task.first_ns;
    best += task.best->median_ns();
  }
  fmt::print(
      "{}: {} trials in {}; kernels that were tuned take {:.3f} ms in sum, {:.3f} ms with their "
      "defaults\n",
      end_text(report.end), report.trials, duration_text(report.elapsed_s), best / 1e6,
      first / 1e6);
  if (without > 0)
    fmt::print("{} of {} tasks have no record yet: give tuning more time\n", without,
               report.tasks.size());
  fmt::print("records in {}\n", database);
}

Status tune(const Options& options) {
  if (options.model.file.empty() == options.ops.empty())
    return Error{ErrorCode::invalid_argument, "tune takes either a MODEL or --op"};
  double time_s = 0;
  if (!options.time.empty()) {
    TENFOLD_TRY(time_s, parse_time(options.time));
  } else if (options.trials == 0) {
    time_s = 300;
  }
  TENFOLD_TRY(const double accuracy, parse_accuracy(options.accuracy));
  TENFOLD_TRY(const Target target, parse_target(options.target));
  if (!runs_here(target))
    return Error{ErrorCode::unavailable,
                 "--target " + target.name + ": tuning measures, and this machine doesn't run it"};
  TENFOLD_TRY(const auto paths, database_paths(options.databases));
  TENFOLD_TRY(const auto database,
              autotune::SqliteDatabase::open(
                  {.write = paths[0], .read = {paths.begin() + 1, paths.end()}}));
  TENFOLD_TRY(const auto tasks, tasks_of(options, target));
  TENFOLD_CHECK(check_interrupted());

  Progress progress(options.json == "-");
  const int threads = thread_count(options.threads);
  progress.say(fmt::format("{} tasks for {} ({}) with {} thread{}, seed {}, records in {}",
                           tasks.size(), target.name, cpu_name(), threads, threads == 1 ? "" : "s",
                           options.seed, paths[0]));
  TENFOLD_TRY(const KernelCache cache, KernelCache::open());
  TENFOLD_TRY(const auto builder, BuildAdapter::start(thread_count(options.jobs), 30, cache));
  TENFOLD_TRY(const auto runner,
              autotune::RunnerClient::start({.seed = options.seed, .cancel = interrupt_flag()}));
  TENFOLD_TRY(const TuneReport report,
              autotune::tune(tasks, *builder, *runner, *database,
                             {.target = target,
                              .threads = threads,
                              .compiler = codegen::compiler_version(),
                              .seed = options.seed,
                              .accuracy = accuracy,
                              .max_trials = options.trials,
                              .time_s = time_s,
                              .cancel = interrupt_flag(),
                              .progress = [&](const autotune::TuneProgress& now) {
                                progress.show(progress_text(now));
                              }}));
  if (!options.json.empty())
    TENFOLD_CHECK(
        write_text(options.json, report_json(report, paths[0], options.seed).dump(2) + "\n"));
  progress.finish();
  if (options.json != "-") print(report, paths[0]);
  return check_interrupted();
}

}  // namespace

void add_tune(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("tune",
                         "Measure schedules on this machine for a model's kernels, or for single "
                         "operators, and record every trial.\n"
                         "Ctrl-C stops it with nothing lost; the next run goes on from there.");
  command->add_option("MODEL", options->model.file, "ONNX model");
  add_repeated(*command, "--op", options->ops,
               "Instead of a model: 'conv2d n=1 h=56 w=56 c=64 k=64 r=3 s=3 pad=1 relu'");
  add_model_options(*command, options->model);
  command->add_option("--time", options->time,
                      "Stop after this long: 90s, 5m, 1h (default: 5m unless --trials is given)");
  command->add_option("--trials", options->trials, "Stop after so many trials")->check(positive());
  command->add_option("--threads", options->threads, "Threads of the kernels; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command->add_option("--jobs", options->jobs, "Kernels to compile at once; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command->add_option("--target", options->target, "CPU target that this machine runs")
      ->capture_default_str();
  command
      ->add_option("--accuracy", options->accuracy,
                   "Bound on the relative L2 error of what is tried: strict, default or a number")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Seed of the search")->capture_default_str();
  add_repeated(*command, "--db", options->databases,
               "The first one is written to. " + std::string(database_help));
  command->add_option("--json", options->json,
                      "Write the result as JSON to this file; - is standard output");
  command->footer(exit_codes_text);
  command->callback([options, &chosen] { chosen = [options] { return tune(*options); }; });
}

}  // namespace tenfold::cli
