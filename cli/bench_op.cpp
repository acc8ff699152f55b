#include "cli/bench_op.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autotune/runner_client.h"
#include "cli/build_adapter.h"
#include "cli/choose.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/model.h"
#include "cli/records.h"
#include "dsl/op.h"

namespace tenfold::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<Json> time_one(const std::string& spec, const Task& task, const Chooser& chooser,
                      const Target& target, int threads, autotune::Builder& builder,
                      autotune::Runner& runner) {
  const autotune::ChosenConfig& choice = chooser.choose(task);
  builder.submit(task, target, choice.config);
  const autotune::Builder::Built built = builder.wait();
  if (!built.candidate)
    return Error{built.candidate.error().code, spec + ": " + built.candidate.error().message};
  TENFOLD_CHECK(runner.prepare(task, target, threads));
  autotune::Measurement measured =
      runner.measure(*built.candidate, {.best_ns = 0, .thorough = true});
  TENFOLD_CHECK(check_interrupted());
  if (measured.status != autotune::TrialStatus::ok)
    return Error{ErrorCode::failed,
                 spec + ": " + to_string(measured.status) + ": " + measured.reason};
  std::sort(measured.samples_ns.begin(), measured.samples_ns.end());
  const auto at = [&](double share) {
    return static_cast<double>(measured.samples_ns[static_cast<size_t>(
        share * static_cast<double>(measured.samples_ns.size() - 1))]);
  };
  return Json{{"problem", spec},
              {"config", to_text(choice.config)},
              {"origin", to_string(choice.source)},
              {"threads", threads},
              {"median_ms", at(0.5) / 1e6},
              {"min_ms", at(0) / 1e6},
              {"p90_ms", at(0.9) / 1e6},
              {"samples", measured.samples_ns.size()},
              {"gflops", dsl::flops(task) / at(0.5)}};
}

}  // namespace

Status bench_op(const OpBench& options) {
  std::vector<Task> tasks;
  for (const std::string& spec : options.specs) {
    TENFOLD_TRY(Task task, parse_operator(spec));
    tasks.push_back(std::move(task));
  }
  TENFOLD_TRY(const Target target, parse_target("host"));
  TENFOLD_TRY(const auto database, open_records(options.databases));
  TENFOLD_TRY(const Chooser chooser,
              Chooser::make(database.get(), tasks, {.target = target, .threads = options.threads}));
  TENFOLD_TRY(const KernelCache cache, KernelCache::open());
  TENFOLD_TRY(const auto builder, BuildAdapter::start(1, 60, cache));
  TENFOLD_TRY(const auto runner,
              autotune::RunnerClient::start({.timeout_s = 60, .cancel = interrupt_flag()}));

  Json rows = Json::array();
  for (size_t i = 0; i < tasks.size(); ++i) {
    TENFOLD_TRY(const Json row, time_one(options.specs[i], tasks[i], chooser, target,
                                         options.threads, *builder, *runner));
    rows.push_back(row);
    if (options.json != "-")
      fmt::print("{:9.4f} ms  (min {:.4f}, p90 {:.4f})  {:7.1f} GFLOP/s  {}\n           [{}], {}\n",
                 row["median_ms"].get<double>(), row["min_ms"].get<double>(),
                 row["p90_ms"].get<double>(), row["gflops"].get<double>(), options.specs[i],
                 row["config"].get<std::string>(), row["origin"].get<std::string>());
  }
  if (!options.json.empty()) return write_text(options.json, rows.dump(2) + "\n");
  return {};
}

}  // namespace tenfold::cli
