// RunnerClient: measures candidates in tenfold-runner. It makes the task's data, keeps it as files
// in a work folder, packs the constants as each config wants them, and starts the runner anew
// whenever a candidate has taken it down.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "autotune/data.h"
#include "autotune/interfaces.h"
#include "autotune/runner_process.h"
#include "autotune/work_folder.h"
#include "base/packing.h"
#include "base/runner_protocol.h"

namespace tenfold::autotune {

struct RunnerOptions {
  std::string runner_path;  // empty: tenfold-runner beside this program
  std::string
      work_folder;  // holds the data's folder while it lives; empty: the system's temporary folder
  uint64_t seed = 1;                                  // of the data
  std::function<Result<TaskData>(const Task&)> data;  // empty: make_task_data with the seed
  double timeout_s = 10;           // of one candidate, checking and timing together
  int64_t budget_ns = 10'000'000;  // of the samples of one candidate; a thorough measurement takes
                                   // six times as long
  int64_t rotate_bytes = 0;        // see runner_protocol::Measure
  bool allow_libm = false;
  const std::atomic<bool>* cancel = nullptr;
};

/// What the runner times beside a candidate; see runner_protocol::Benchmark.
struct FigureOptions {
  int samples = 5;
  int64_t sample_ns = 500'000;
  std::vector<int32_t> lanes;
  int64_t read_bytes = 0, constant_bytes = 0, write_bytes = 0;
};

class RunnerClient : public Runner {
 public:
  static Result<std::unique_ptr<RunnerClient>> start(const RunnerOptions& options);

  Status prepare(const Task& task, const Target& target, int threads) override;

  /// wrong_result names the first element that is off and what it should be; run_failed the signal
  /// or the kernel's own message.
  Measurement measure(const Candidate& candidate, const MeasureOptions& options = {}) override;

  /// Times a candidate beside what bounds it. Precondition: measure found it right. Errors:
  /// cancelled; failed when it crashes, returns an error, or takes longer than the limit.
  Result<runner_protocol::Figures> figures(const Candidate& candidate,
                                           const FigureOptions& options);

 private:
  struct Prepared {
    std::vector<Array> params;
    runner_protocol::Prepare request;
  };

  explicit RunnerClient(RunnerOptions options) : options_(std::move(options)) {}
  Result<Prepared> prepare_files(const std::string& key);
  Status hand_over();
  Status try_hand_over();
  Result<std::vector<runner_protocol::Buffer>> packed_params(const Config& config);
  Result<std::string> write_file(const std::string& name, const Array& array);
  /// The answer to a request. Without one the process is ended. Errors: cancelled, unavailable when
  /// it took too long, failed when it crashed.
  /// The runner may take waits_s beside the candidate's timeout_s.
  Result<std::string> exchange(const runner_protocol::Request& request, double waits_s = 0);
  Measurement interpret(const runner_protocol::Reply& reply) const;

  RunnerOptions options_;
  std::unique_ptr<WorkFolder> folder_;
  std::unique_ptr<RunnerProcess> process_;
  std::map<std::string, Prepared> prepared_;  // by task's text
  Task task_;
  Target target_;
  int threads_ = 1;
  const Prepared* current_ = nullptr;
  bool handed_over_ = false;  // the running process knows the current task
  std::map<std::pair<size_t, Packing>, runner_protocol::Buffer> packed_;  // of the current task
  int64_t files_ = 0;
};

}  // namespace tenfold::autotune
