// Measures problems: ours as a library would run it, beside what bounds it and beside other
// engines, in rounds, so that what disturbs the machine disturbs all of them.
#pragma once
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "autotune/data.h"
#include "autotune/runner_client.h"
#include "cli/build_adapter.h"
#include "cli/choose.h"
#include "cli/contest.h"
#include "cli/operator_peer.h"
#include "cli/roof.h"

namespace tenfold::cli {

struct OperatorBenchOptions {
  std::vector<std::string>
      databases;  // as --db; the first one is written to where trials are asked for
  std::vector<std::string> against;
  std::string target = "host";  // a CPU's that runs here
  std::string config;           // taken instead of the records'; empty: none
  std::string space;            // its default is taken; empty: any
  std::string keep_object;      // the kernel\'s object is copied there; empty: no
  int64_t trials = 0;           // of tuning, before a problem is measured
  double seconds = 0.4;         // for a problem and thread count, all engines together, about
  uint64_t seed = 1;
};

class OperatorBench {
 public:
  using Json = nlohmann::ordered_json;

  /// Errors: those of the databases; invalid_argument, unavailable for an engine or the target.
  static Result<std::unique_ptr<OperatorBench>> start(const OperatorBenchOptions& options);

  /// One row a thread count; its fields are in docs/benchmarks.md. What can't be measured is null,
  /// with a reason. Errors: cancelled, io; what ends the whole run.
  Result<std::vector<Json>> measure(const Problem& problem, const std::vector<int>& threads);

 private:
  struct Chosen {
    Config config;
    std::string origin;
  };

  explicit OperatorBench(OperatorBenchOptions options) : options_(std::move(options)) {}
  Result<Json> measure_one(const Problem& problem, int threads, autotune::RunnerClient& runner,
                           const PeerData& data);
  Status tune(const Problem& problem, int threads, autotune::RunnerClient& runner);
  Result<Chosen> choose(const Problem& problem, int threads);
  Result<autotune::Candidate> build(const Task& task, const Config& config);
  Status run_rounds(const autotune::Candidate& candidate, const Demand& demand,
                    autotune::RunnerClient& runner, Contest& contest);

  OperatorBenchOptions options_;
  Target target_;
  std::unique_ptr<autotune::SqliteDatabase> database_;  // null: no records
  std::optional<KernelCache> cache_;
  std::unique_ptr<BuildAdapter> builder_;
  std::vector<std::unique_ptr<OperatorPeer>> peers_;
  std::map<int, Pace> paces_;  // by threads
};

}  // namespace tenfold::cli
