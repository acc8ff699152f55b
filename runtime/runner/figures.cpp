#include "runtime/runner/figures.h"

#include <algorithm>
#include <cstring>

#include "runtime/runner/bench.h"
#include "runtime/runner/clock.h"
#include "runtime/runner/peaks.h"

namespace tenfold::runner {
namespace {

using runner_protocol::Figures;

constexpr int parts_a_thread = 4;  // of a parallel loop: a late thread's are taken by the others
constexpr int64_t line_bytes = 64, least_part_bytes = 32 << 10;
constexpr int64_t most_repeats = 1 << 16, most_cold_calls = 64;

int64_t part_of(int64_t total_bytes, int64_t part, int64_t parts) {
  return total_bytes / line_bytes * part / parts * line_bytes;
}

Result<GuardedBuffer> filled_buffer(int64_t size_bytes) {
  const auto rounded =
      (std::max<int64_t>(size_bytes, 1) + line_bytes - 1) / line_bytes * line_bytes;
  GuardedBuffer buffer(static_cast<size_t>(rounded));
  if (!buffer.data()) return Error{ErrorCode::io, "no memory to measure the bandwidth with"};
  std::memset(buffer.data(), 0x3f, buffer.size_bytes());
  return buffer;
}

struct Move {
  Operands all;
  int parts, streams;
};

int move_part(void*, int index, uint8_t* closure) {
  const Move& m = *reinterpret_cast<const Move*>(closure);
  Operands part = m.all;
  const auto cut = [&](auto*& base, int64_t& size_bytes) {
    const int64_t begin = part_of(size_bytes, index, m.parts);
    base += begin;
    size_bytes = part_of(size_bytes, index + 1, m.parts) - begin;
  };
  cut(part.read, part.read_bytes);
  cut(part.constants, part.constant_bytes);
  cut(part.write, part.write_bytes);
  move_bytes(part, m.streams);
  return 0;
}

/// A sample repeats `call` for about sample_ns, as often as a first call says.
template <class Call>
double warm_sample(int64_t sample_ns, const Call& call) {
  call();
  int64_t begin = now_ns();
  call();
  const int64_t once_ns = std::max<int64_t>(1, now_ns() - begin);
  const int64_t repeats = std::clamp<int64_t>(sample_ns / once_ns, 1, most_repeats);
  begin = now_ns();
  for (int64_t i = 0; i < repeats; ++i) call();
  return static_cast<double>(now_ns() - begin) / static_cast<double>(repeats);
}

/// The median of single calls, each after `prepare`.
template <class Prepare, class Call>
double cold_sample(int64_t sample_ns, const Prepare& prepare, const Call& call) {
  std::vector<int64_t> times_ns;
  call();
  for (int64_t spent_ns = 0;
       times_ns.empty() ||
       (spent_ns < sample_ns && static_cast<int64_t>(times_ns.size()) < most_cold_calls);) {
    prepare();
    const int64_t begin = now_ns();
    call();
    times_ns.push_back(now_ns() - begin);
    spent_ns += times_ns.back();
  }
  const auto middle = times_ns.begin() + static_cast<std::ptrdiff_t>(times_ns.size() / 2);
  std::nth_element(times_ns.begin(), middle, times_ns.end());
  return static_cast<double>(*middle);
}

}  // namespace

Result<Bounds> Bounds::create(runtime::Context& context, int threads,
                              const runner_protocol::Benchmark& request) {
  Bounds bounds(context, threads);
  TENFOLD_TRY(bounds.read_, filled_buffer(request.read_bytes));
  TENFOLD_TRY(bounds.constants_, filled_buffer(request.constant_bytes));
  TENFOLD_TRY(bounds.write_, filled_buffer(request.write_bytes));
  return bounds;
}

void Bounds::move_bytes(int streams) {
  const auto size = [](const GuardedBuffer& b) { return static_cast<int64_t>(b.size_bytes()); };
  const Operands all{read_.data(),     size(read_),   constants_.data(),
                     size(constants_), write_.data(), size(write_)};
  const int64_t longest = std::max({all.read_bytes, all.constant_bytes, all.write_bytes});
  const int parts = static_cast<int>(
      std::clamp<int64_t>(longest / least_part_bytes, 1,
                          pulse_.threads() == 1 ? 1 : pulse_.threads() * parts_a_thread));
  Move move{all, parts, streams};
  pulse_.in_parallel(move_part, parts, &move);
}

void Bounds::flush_constants() {
  flush(constants_.data(), constants_.size_bytes());
}

void Bench::take_figures(const runner_protocol::Benchmark& request, KernelFunction kernel,
                         Bounds& bounds, Figures& figures) {
  tenfold_user_context* user_context = context_->user_context();
  Pulse& pulse = bounds.pulse();
  Arguments operands = arguments(0, false, &user_context);
  int failure = 0;
  const auto call = [&] { failure |= kernel(operands.data()); };
  const auto make_cold = [&] {
    for (const Argument* param : current_params_)
      flush(param->memory.data(), param->memory.size_bytes());
    pulse.gather();
  };
  const auto make_bounds_cold = [&] {
    bounds.flush_constants();
    pulse.gather();
  };
  // Which order is fastest depends on the cache that the bytes come from.
  const auto fastest = [&](const auto& sample) {
    double least_ns = 0;
    for (const int streams : {1, 4, 16}) {
      const double time_ns = sample([&] { bounds.move_bytes(streams); });
      if (least_ns == 0 || time_ns < least_ns) least_ns = time_ns;
    }
    return least_ns;
  };
  for (const int32_t lanes : request.lanes) figures.peaks.push_back({lanes, {}});
  for (int sample = 0; sample < request.samples && failure == 0; ++sample) {
    // As long as the kernel's sample and as well warmed up: see Pulse::multiply_add_gflops.
    for (runner_protocol::Peak& peak : figures.peaks) {
      double operations = 0;
      const double burst_ns =
          warm_sample(request.sample_ns, [&] { operations = pulse.multiply_add(peak.lanes); });
      peak.gflops.push_back(operations / burst_ns);
    }
    figures.loaded_gflops.push_back(pulse.loaded_gflops());
    pulse.gather();
    figures.warm_ns.push_back(warm_sample(request.sample_ns, call));
    figures.loaded_gflops.push_back(pulse.loaded_gflops());
    figures.memory_ns.push_back(
        fastest([&](const auto& move) { return warm_sample(request.sample_ns / 4, move); }));
    figures.loaded_gflops.push_back(pulse.loaded_gflops());
    figures.cold_ns.push_back(cold_sample(request.sample_ns, make_cold, call));
    figures.loaded_gflops.push_back(pulse.loaded_gflops());
    figures.cold_memory_ns.push_back(fastest([&](const auto& move) {
      return cold_sample(request.sample_ns / 4, make_bounds_cold, move);
    }));
  }
  if (failure == 0) return;
  figures.verdict = runner_protocol::Verdict::failed;
  figures.reason = "the kernel returned " + std::to_string(failure);
}

Figures Bench::figures(const runner_protocol::Benchmark& request, KernelFunction kernel) {
  Figures figures;
  const auto refuse = [&](const Error& error) {
    figures.verdict = runner_protocol::Verdict::failed;
    figures.reason = error.message;
    return figures;
  };
  if (const Status bound = bind_params(request.kernel); !bound) return refuse(bound.error());
  auto bounds = Bounds::create(*context_, threads_, request);
  if (!bounds) return refuse(bounds.error());
  struct Work {
    Bench* bench;
    const runner_protocol::Benchmark* request;
    KernelFunction kernel;
    Bounds* bounds;
    Figures* figures;
  } work{this, &request, kernel, &*bounds, &figures};
  context_->region(
      [](void* argument) {
        const auto* w = static_cast<const Work*>(argument);
        w->bench->take_figures(*w->request, w->kernel, *w->bounds, *w->figures);
      },
      &work);
  return figures;
}

}  // namespace tenfold::runner
