// tenfold-bench-worker: times one compiled network. One line of JSON in, one line out, as the
// peers' scripts do:
//   {"load": DIR, "target": T, "threads": N, "inputs": {NAME: FILE.npy}, "outputs": [NAME, ...],
//   "folder": DIR}
//     -> {"version", "target", "load_ms", "first_ms", "outputs": {NAME: FILE.npy}, "runtime_bytes"}
//   {"runs": N}   -> {"ms": [X, ...]}
//   {"layers": N} -> {"layers": [{"name", "task", "config", "ms"}, ...]}, ms being the median of N
//   runs
//   {"memory": 1} -> {"peak_rss_bytes", "arena_bytes", "scratch_bytes", "weights_bytes",
//   "allocations"}
#include <dlfcn.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/arrays.h"
#include "cli/npy.h"
#include "cli/session.h"

namespace {

using namespace tenfold;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Worker {
 public:
  Result<json> answer(const json& request) {
    if (request.contains("load")) return load(request);
    if (!session_) return Error{ErrorCode::invalid_argument, "nothing is loaded"};
    if (request.contains("runs")) return runs(request["runs"]);
    if (request.contains("layers")) return layers(request["layers"]);
    return memory();
  }

 private:
  Result<json> load(const json& request) {
    const std::string folder = request["load"];
    const Clock::time_point start = Clock::now();
    TENFOLD_TRY(cli::Session session,
                cli::Session::open(folder, request.value("target", ""), request["threads"]));
    const double load_ms = ms_since(start);
    session_.emplace(std::move(session));

    std::vector<std::string> given;
    for (const auto& [name, file] : request["inputs"].items())
      given.push_back(name + "=" + file.get<std::string>());
    TENFOLD_TRY(inputs_, cli::read_inputs(session_->inputs(), given));
    outputs_ = cli::make_arrays(session_->outputs());
    TENFOLD_CHECK(session_->bind(inputs_, outputs_));
    const Clock::time_point first = Clock::now();
    TENFOLD_CHECK(session_->run());
    const double first_ms = load_ms + ms_since(first);

    json files = json::object();
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const std::string file =
          request["folder"].get<std::string>() + "/tenfold" + std::to_string(i) + ".npy";
      TENFOLD_CHECK(cli::write_npy(file, outputs_[i]));
      files[session_->outputs()[i].name] = file;
    }
    return json{{"version", tenfold_version()}, {"target", session_->target()},
                {"load_ms", load_ms},           {"first_ms", first_ms},
                {"outputs", std::move(files)},  {"runtime_bytes", runtime_bytes()}};
  }

  Result<json> runs(int count) {
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
      const Clock::time_point start = Clock::now();
      TENFOLD_CHECK(session_->run());
      times.push_back(ms_since(start));
    }
    return json{{"ms", times}};
  }

  struct Layer {
    const tenfold_step* step = nullptr;
    std::vector<double> ms;
  };

  Result<json> layers(int count) {
    std::vector<Layer> layers;
    const auto after = [](void* user, uint32_t index, const tenfold_step* step, int64_t time_ns) {
      auto& all = *static_cast<std::vector<Layer>*>(user);
      if (all.size() <= index) all.resize(index + 1);
      all[index].step = step;
      all[index].ms.push_back(static_cast<double>(time_ns) / 1e6);
    };
    for (int i = 0; i < count; ++i) TENFOLD_CHECK(session_->run_steps(after, &layers));
    json rows = json::array();
    for (const Layer& layer : layers)
      rows.push_back({{"name", layer.step->name},
                      {"task", layer.step->task},
                      {"config", layer.step->config},
                      {"ms", median(layer.ms)}});
    return json{{"layers", std::move(rows)}};
  }

  json memory() const {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const tenfold_memory memory = session_->memory();
    return {{"peak_rss_bytes", static_cast<int64_t>(usage.ru_maxrss) * 1024},
            {"arena_bytes", memory.arena_bytes},
            {"scratch_bytes", memory.scratch_bytes},
            {"weights_bytes", memory.weights_bytes},
            {"allocations", memory.allocations}};
  }

  /// The file that this process has the runtime from.
  static int64_t runtime_bytes() {
    Dl_info info{};
    std::error_code failed;
    if (!dladdr(reinterpret_cast<const void*>(&tenfold_open), &info) || !info.dli_fname) return 0;
    const auto size = std::filesystem::file_size(info.dli_fname, failed);
    return failed ? 0 : static_cast<int64_t>(size);
  }

  std::optional<cli::Session> session_;
  std::vector<Array> inputs_, outputs_;
};

}  // namespace

int main() {
  Worker worker;
  for (std::string line; std::getline(std::cin, line);) {
    const json request = json::parse(line, nullptr, false);
    Result<json> answer = request.is_object()
                              ? worker.answer(request)
                              : Result<json>(Error{ErrorCode::invalid_argument, "not a request"});
    if (!answer)
      answer = json{{"error", answer.error().message}, {"code", to_string(answer.error().code)}};
    std::cout << answer->dump() << std::endl;
  }
  return 0;
}
