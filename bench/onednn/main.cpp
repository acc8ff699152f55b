// tenfold-onednn-worker: one operator in oneDNN. One line of JSON in, one out:
//   {"load": TASK, "threads": N, "inputs": [FILE.npy, ...], "params": [FILE.npy, ...],
//    "shuffle": G, "concat": [C, ...], "folder": DIR}
//     -> {"version", "note", "outputs": {"y": FILE.npy}}; inputs and output are dense, in the order
//     of
//        the task's views, constants in the model's
//   {"runs": N, "repeats": R, "cold": N}
//     -> {"ms": [X, ...], "cold_ms": [X, ...]}: means of R calls, and medians of single calls
//     before
//        each of which the constants were flushed from the caches
// Of the layouts and algorithms that oneDNN offers the fastest is taken.
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "bench/onednn/plan.h"
#include "cli/npy.h"
#include "runtime/runner/peaks.h"

namespace {

using namespace tenfold;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

constexpr double trial_ms = 4;  // of one variant

class Worker {
 public:
  json answer(const json& request) {
    json result;
    const Status status = request.contains("load") ? load(request, result) : time(request, result);
    if (status) return result;
    return {{"error", status.error().message}, {"code", to_string(status.error().code)}};
  }

 private:
  Status load(const json& request, json& result) {
    plan_.reset();
    const int threads = request["threads"];
    arena_ = std::make_unique<tbb::task_arena>(threads);
    allowed_.emplace(tbb::global_control::max_allowed_parallelism, threads);
    onednn::Problem problem;
    TENFOLD_TRY(problem.task, parse_task(request["load"].get<std::string>()));
    for (const auto& [key, arrays] :
         {std::pair{"inputs", &problem.inputs}, {"params", &problem.params}})
      for (const std::string file : request[key]) {
        TENFOLD_TRY(Array values, cli::read_npy(file));
        arrays->push_back(std::move(values));
      }
    problem.shuffle_groups = request.value("shuffle", int64_t{1});
    problem.concat = request.value("concat", std::vector<int64_t>());

    onednn::Variant best;
    double best_ms = 0;
    std::string failure = "oneDNN offers nothing";
    for (const onednn::Variant& variant : onednn::variants_of(problem.task)) {
      arena_->execute([&] {
        auto plan = onednn::make_plan(engine_, problem, variant);
        if (!plan) {
          failure = plan.error().message;
          return;
        }
        const double ms = trial(*plan);
        if (plan_ && ms >= best_ms) return;
        best = variant;
        best_ms = ms;
        plan_ = *std::move(plan);
      });
    }
    if (!plan_) return Error{ErrorCode::unsupported, failure};
    Array output;
    arena_->execute([&] {
      plan_->run(stream_);
      stream_.wait();
      output = onednn::read_output(engine_, *plan_, problem.task);
    });
    const std::string file = request["folder"].get<std::string>() + "/onednn.npy";
    TENFOLD_CHECK(cli::write_npy(file, output));
    const dnnl::version_t& v = *dnnl::version();
    result = {{"version", std::to_string(v.major) + "." + std::to_string(v.minor)},
              {"note", best.text()},
              {"outputs", {{"y", file}}}};
    return {};
  }

  /// The least of a few runs.
  double trial(const onednn::Plan& plan) {
    double least = 0;
    const auto start = Clock::now();
    for (int i = 0; i < 4 || (i < 1000 && ms_since(start) < trial_ms); ++i) {
      const auto begin = Clock::now();
      plan.run(stream_);
      stream_.wait();
      const double ms = ms_since(begin);
      if (i == 1 || (i > 1 && ms < least)) least = ms;
    }
    return least;
  }

  Status time(const json& request, json& result) {
    if (!plan_) return Error{ErrorCode::invalid_argument, "nothing is loaded"};
    const int repeats = request.value("repeats", 1);
    std::vector<double> warm, cold;
    arena_->execute([&] {
      plan_->run(stream_);  // finds what the others have left in the caches
      for (int i = 0; i < request["runs"]; ++i) {
        const auto begin = Clock::now();
        for (int j = 0; j < repeats; ++j) plan_->run(stream_);
        stream_.wait();
        warm.push_back(ms_since(begin) / repeats);
      }
      for (int i = 0; i < request.value("cold", 0); ++i) cold.push_back(cold_ms(repeats));
    });
    result = {{"ms", warm}, {"cold_ms", cold}};
    return {};
  }

  double cold_ms(int calls) {
    std::vector<double> times;
    for (int i = 0; i < std::clamp(calls, 1, 64); ++i) {
      for (const dnnl::memory& memory : plan_->constants)
        runner::flush(static_cast<const std::byte*>(memory.get_data_handle()),
                      memory.get_desc().get_size());
      gather();
      const auto begin = Clock::now();
      plan_->run(stream_);
      stream_.wait();
      times.push_back(ms_since(begin));
    }
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
  }

  /// Helpers may have gone to sleep while the caches were flushed.
  void gather() {
    const int threads = tbb::this_task_arena::max_concurrency();
    if (threads == 1) return;
    std::atomic<int> here{0};
    const auto deadline = Clock::now() + std::chrono::microseconds(100);
    tbb::parallel_for(
        0, threads,
        [&](int) {
          here.fetch_add(1);
          while (here.load() < threads && Clock::now() < deadline) {
          }
        },
        tbb::simple_partitioner());
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::unique_ptr<tbb::task_arena> arena_;
  std::optional<tbb::global_control> allowed_;
  std::optional<onednn::Plan> plan_;
};

}  // namespace

int main() {
  Worker worker;
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    try {
      answer = worker.answer(json::parse(line));
    } catch (const std::exception& error) {  // oneDNN's and the JSON library's
      answer = {{"error", error.what()}, {"code", "failed"}};
    }
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}
