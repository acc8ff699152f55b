// tenfold-ops-bench: single operators, one thread, against the FMA peak measured between their
// samples.
//
//   tenfold-ops-bench [FILE | --op SPEC]... [--config CONFIG] [--search N] [--seed S] [--space
//   NAME] [--time-ms MS] [--keep-object PATH]
//
// FILE has one problem a line (dsl::parse_op_spec; # begins a comment). Without --config or
// --search a problem's initial config runs. With --search, N random legal configs of the serving
// spaces are checked and timed, and then the best ones' neighbours. Each kernel is compared with
// the plain reference before it is timed. Prints GFLOP/s and shares of the peak, as medians.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "base/buffer_layout.h"
#include "bench/ops/kernel_loader.h"
#include "dsl/fuse_pixels.h"
#include "dsl/op.h"
#include "runtime/runner/peaks.h"
#include "schedules/space.h"

namespace tenfold::bench {
namespace {

// CPU time of this thread: what other programs take from it is not the kernel's.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
  static time_point now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
  }
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

struct Options {
  std::vector<std::string> specs;
  std::string config, space, keep_object;
  int search = 0;
  uint64_t seed = 1;
  double time_ms = 60;
};

/// One problem's operands and its expected output.
class Problem {
 public:
  Problem(Task task, uint64_t seed) : task_(std::move(task)), random_(seed) {
    for (const View& view : task_.inputs) inputs_.push_back(filled({end_element(view)}));
    for (const dsl::Param& param : dsl::params(task_)) params_.push_back(filled(param.dims));
    for (const View& view : task_.outputs) {
      outputs_.emplace_back(DType::f32, Dims{end_element(view)});
      expected_.emplace_back(DType::f32, Dims{end_element(view)});
    }
    // What lies in the halo is zero: fill the logical elements alone.
    for (size_t i = 0; i < inputs_.size(); ++i)
      if (task_.inputs[i].halo != Halo{}) clear_halo(task_.inputs[i], inputs_[i]);
    status_ = dsl::run_reference(task_, pointers<const float>(inputs_), params_,
                                 pointers<float>(expected_));
  }
  const Status& status() const { return status_; }
  const Task& task() const { return task_; }

  Result<std::vector<Array>> packed(const Target& target, const Config& config) const {
    std::vector<Array> all;
    TENFOLD_TRY(const schedules::Space* space, schedules::find_space(config.algorithm));
    const std::vector<Packing> packings = space->packing(task_, target, config);
    for (size_t i = 0; i < params_.size(); ++i) {
      TENFOLD_TRY(Array one, pack(packings[i], params_[i].as<float>()));
      all.push_back(std::move(one));
    }
    return all;
  }
  Status run(const LoadedKernel& kernel, std::vector<Array>& packed) {
    return kernel.run(pointers<const float>(inputs_), pointers<const float>(packed),
                      pointers<float>(outputs_));
  }
  Status verify(const Config& config) {
    const schedules::Tolerance t = schedules::tolerance(task_, config);
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const auto got = outputs_[i].as<float>(), want = expected_[i].as<float>();
      for (size_t e = 0; e < got.size(); ++e)
        if (!(std::abs(got[e] - want[e]) <= t.absolute + t.relative * std::abs(want[e])))
          return Error{ErrorCode::failed, "element " + std::to_string(e) + " is " +
                                              std::to_string(got[e]) + ", expected " +
                                              std::to_string(want[e])};
    }
    return {};
  }

 private:
  template <class T>
  std::vector<T*> pointers(std::vector<Array>& arrays) {
    std::vector<T*> bases;
    for (Array& array : arrays) bases.push_back(array.as<float>().data());
    return bases;
  }
  Array filled(const Dims& dims) {
    Array array(DType::f32, dims);
    std::uniform_real_distribution<float> unit(-1, 1);
    for (float& value : array.as<float>()) value = unit(random_);
    return array;
  }
  static void clear_halo(const View& view, Array& array) {
    const auto data = array.as<float>();
    const Dims& d = view.dims;
    for (int64_t n = 0; n < d[0]; ++n)
      for (int64_t y = -view.halo.top; y < d[1] + view.halo.bottom; ++y)
        for (int64_t x = -view.halo.left; x < d[2] + view.halo.right; ++x)
          if (y < 0 || x < 0 || y >= d[1] || x >= d[2])
            for (int64_t c = 0; c < d[3]; ++c)
              data[view.offset + n * view.strides[0] + y * view.strides[1] + x * view.strides[2] +
                   c * view.strides[3]] = 0;
  }

  Task task_;
  std::mt19937_64 random_;
  std::vector<Array> inputs_, params_, outputs_, expected_;
  Status status_;
};

struct Timing {
  double kernel_s = 0, peak_gflops = 0, spread = 0;
  double gflops(const Task& task) const { return dsl::flops(task) / kernel_s * 1e-9; }
};

/// Samples of about half a millisecond, each between two bursts of the FMA peak.
Result<Timing> measure(Problem& problem, const LoadedKernel& kernel, std::vector<Array>& packed,
                       int lanes, double time_ms) {
  TENFOLD_CHECK(problem.run(kernel, packed));
  auto start = Clock::now();
  TENFOLD_CHECK(problem.run(kernel, packed));
  const int repetitions =
      std::max(1, static_cast<int>(5e-4 / std::max(1e-7, seconds_since(start))));
  std::vector<double> kernel_s, peak;
  for (const auto begin = Clock::now();
       seconds_since(begin) * 1e3 < time_ms || kernel_s.size() < 5;) {
    start = Clock::now();
    const double operations = runner::fma_burst(lanes, 30000);
    peak.push_back(operations / seconds_since(start) * 1e-9);
    start = Clock::now();
    for (int i = 0; i < repetitions; ++i) TENFOLD_CHECK(problem.run(kernel, packed));
    kernel_s.push_back(seconds_since(start) / repetitions);
  }
  const double middle = median(kernel_s);
  return Timing{middle, median(peak), *std::min_element(kernel_s.begin(), kernel_s.end()) / middle};
}

struct Result_ {
  Config config;
  Timing timing;
  double compile_s = 0;
};

Result<Result_> try_config(Problem& problem, const Target& target, const Config& config,
                           const Options& options, double time_ms) {
  TENFOLD_CHECK(schedules::check(problem.task(), target, config));
  TENFOLD_TRY(const LoadedKernel kernel, LoadedKernel::make(problem.task(), config, target, false));
  if (!options.keep_object.empty())
    std::filesystem::copy_file(kernel.object_path(), options.keep_object,
                               std::filesystem::copy_options::overwrite_existing);
  TENFOLD_TRY(std::vector<Array> packed, problem.packed(target, config));
  TENFOLD_CHECK(problem.run(kernel, packed));
  TENFOLD_CHECK(problem.verify(config));
  TENFOLD_TRY(const Timing timing, measure(problem, kernel, packed, target.lanes, time_ms));
  return Result_{config, timing, kernel.compile_s()};
}

Config random_config(const schedules::Space& space, const Task& task, const Target& target,
                     std::mt19937_64& random) {
  const auto axes = space.axes(task, target);
  for (int attempt = 0; attempt < 3000; ++attempt) {
    Config config{space.name, {}};
    for (const auto& axis : axes)
      config.values[axis.name] = axis.values[random() % axis.values.size()];
    if (space.legal(task, target, config)) return config;
  }
  return space.initial(task, target);
}

Config neighbour(const Config& config, const Task& task, const Target& target,
                 std::mt19937_64& random) {
  const schedules::Space& space = **schedules::find_space(config.algorithm);
  const auto axes = space.axes(task, target);
  for (int attempt = 0; attempt < 300; ++attempt) {
    Config near = config;
    for (int changes = 1 + static_cast<int>(random() % 2); changes > 0; --changes) {
      const auto& axis = axes[random() % axes.size()];
      near.values[axis.name] = axis.values[random() % axis.values.size()];
    }
    if (near != config && space.legal(task, target, near)) return near;
  }
  return config;
}

Result<Result_> search(Problem& problem, const Target& target, const Options& options) {
  std::mt19937_64 random(options.seed);
  std::vector<const schedules::Space*> spaces;
  for (const schedules::Space* space : schedules::spaces_for(problem.task(), target))
    if (options.space.empty() || options.space == space->name) spaces.push_back(space);
  if (spaces.empty()) return Error{ErrorCode::invalid_argument, "no such space serves"};
  std::set<std::string> seen;
  std::vector<Result_> results;
  std::string failure = "nothing was tried";
  const auto attempt = [&](const Config& config) {
    if (!seen.insert(to_text(config)).second) return;
    auto result = try_config(problem, target, config, options, 8);
    if (result)
      results.push_back(*result);
    else
      failure = to_text(config) + ": " + result.error().message,
      std::fprintf(stderr, "  %s\n", failure.c_str());
    std::sort(results.begin(), results.end(), [](const Result_& a, const Result_& b) {
      return a.timing.kernel_s < b.timing.kernel_s;
    });
  };
  for (const schedules::Space* space : spaces) attempt(space->initial(problem.task(), target));
  for (int i = 0; i < options.search; ++i) {
    const schedules::Space& space = *spaces[random() % spaces.size()];
    if (i % 2 == 0 || results.empty())
      attempt(random_config(space, problem.task(), target, random));
    else
      attempt(neighbour(results[random() % std::min<size_t>(3, results.size())].config,
                        problem.task(), target, random));
  }
  if (results.empty()) return Error{ErrorCode::failed, failure};
  Result<Result_> best = results[0];
  for (size_t i = 0; i < std::min<size_t>(3, results.size()); ++i) {
    auto again = try_config(problem, target, results[i].config, options, options.time_ms);
    if (again && (i == 0 || again->timing.kernel_s < best->timing.kernel_s)) best = again;
  }
  return best;
}

Result<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    if (word == "--op")
      options.specs.push_back(value());
    else if (word == "--config")
      options.config = value();
    else if (word == "--space")
      options.space = value();
    else if (word == "--keep-object")
      options.keep_object = value();
    else if (word == "--search")
      options.search = std::atoi(value().c_str());
    else if (word == "--seed")
      options.seed = std::strtoull(value().c_str(), nullptr, 10);
    else if (word == "--time-ms")
      options.time_ms = std::atof(value().c_str());
    else if (word.starts_with("--"))
      return Error{ErrorCode::invalid_argument, "unknown option " + word};
    else {
      std::ifstream file(word);
      if (!file) return Error{ErrorCode::not_found, "cannot read " + word};
      for (std::string line; std::getline(file, line);)
        if (const size_t hash = line.find('#');
            line.substr(0, hash).find_first_not_of(" \t") != std::string::npos)
          options.specs.push_back(line.substr(0, hash));
    }
  }
  if (options.specs.empty())
    return Error{ErrorCode::invalid_argument,
                 "usage: tenfold-ops-bench [FILE | --op SPEC]... [--config CONFIG | --search N]"};
  return options;
}

Status run(const Options& options) {
  TENFOLD_TRY(const Target target, parse_target("host"));
  std::vector<double> shares;
  for (const std::string& spec : options.specs) {
    TENFOLD_TRY(const Task parsed, dsl::parse_op_spec(spec));
    const Task task = dsl::with_fused_pixels(parsed);  // as the planner does
    Problem problem(task, options.seed);
    TENFOLD_CHECK(problem.status());
    Config config = schedules::initial_config(task, target);
    if (!options.space.empty()) {
      TENFOLD_TRY(const schedules::Space* space, schedules::find_space(options.space));
      config = space->initial(task, target);
    }
    if (!options.config.empty()) {
      TENFOLD_TRY(config, parse_config(options.config));
    }
    const auto result = options.search > 0
                            ? search(problem, target, options)
                            : try_config(problem, target, config, options, options.time_ms);
    if (!result) return Error{result.error().code, spec + ": " + result.error().message};
    const double gflops = result->timing.gflops(task), share = gflops / result->timing.peak_gflops;
    shares.push_back(share);
    std::printf("%6.1f GFLOP/s %5.1f %% of %.1f  %9.1f us  compile %.2f s  %s | %s\n", gflops,
                100 * share, result->timing.peak_gflops, result->timing.kernel_s * 1e6,
                result->compile_s, spec.c_str(), to_text(result->config).c_str());
    std::fflush(stdout);
  }
  std::printf("median %.1f %%, least %.1f %% of the FMA peak over %zu problems, one thread\n",
              100 * median(shares), 100 * *std::min_element(shares.begin(), shares.end()),
              shares.size());
  return {};
}

}  // namespace
}  // namespace tenfold::bench

int main(int argc, char** argv) {
  const auto options = tenfold::bench::parse(argc, argv);
  const tenfold::Status status =
      options ? tenfold::bench::run(*options) : tenfold::Status(options.error());
  if (status) return 0;
  std::fprintf(stderr, "tenfold-ops-bench: %s\n", status.error().message.c_str());
  return tenfold::exit_code(status.error().code);
}
