#include "cli/bench_suite.h"

#include <fmt/core.h>

#include <chrono>

#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/suite_text.h"

namespace tenfold::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<std::vector<Problem>> problems_of(const SuiteBench& options) {
  if (!options.suite.empty()) return read_suite(options.suite, options.filter);
  std::vector<Problem> problems;
  for (const std::string& spec : options.specs) {
    Result<Problem> problem = parse_problem(spec, "op");
    if (!problem)
      return Error{ErrorCode::invalid_argument, "--op '" + spec + "': " + problem.error().message};
    problems.push_back(*std::move(problem));
  }
  return problems;
}

}  // namespace

Status bench_suite(const SuiteBench& options) {
  TENFOLD_TRY(const std::vector<Problem> problems, problems_of(options));
  const bool quiet = options.json == "-";
  Progress progress(quiet);
  TENFOLD_TRY(const auto bench, OperatorBench::start(options.bench));
  const auto start = std::chrono::steady_clock::now();
  std::vector<Json> rows;
  Status status;
  std::string failure;
  for (size_t done = 0; done < problems.size() && status; ++done) {
    const double spent =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double rate = static_cast<double>(done) / std::max(spent, 1e-3);
    std::string line = fmt::format("problem {} of {}", done + 1, problems.size());
    if (done > 0)
      line += fmt::format(", {:.2f} a second, {} left", rate,
                          duration_text(static_cast<double>(problems.size() - done) / rate));
    if (problems.size() > 1) progress.show(line + ": " + problems[done].text);
    auto made = bench->measure(problems[done], options.threads);
    if (!made) {
      status = made.error();
      break;
    }
    progress.say(problem_text(*made));
    for (Json& row : *made) {
      if (row.contains("reason")) failure = row["reason"];
      rows.push_back(std::move(row));
    }
    if (!options.json.empty() && !quiet)
      status = replace_file(options.json, Json(rows).dump(2) + "\n");
  }
  progress.finish();
  if (quiet) TENFOLD_CHECK(write_text("-", Json(rows).dump(2) + "\n"));
  if (!quiet && problems.size() > 1 && !rows.empty())
    fmt::print("{}", summary_text(summary_of(rows)));
  if (!status) return status;
  if (options.suite.empty() && !failure.empty()) return Error{ErrorCode::failed, failure};
  return check_interrupted();
}

}  // namespace tenfold::cli
