#include "runtime/runner/pulse.h"

#include <algorithm>
#include <atomic>

#include "runtime/runner/clock.h"
#include "runtime/runner/peaks.h"

namespace tenfold::runner {
namespace {

constexpr int parts_a_thread = 4;  // of a parallel loop: a late thread's are taken by the others
constexpr int burst_repetitions = 4000;
constexpr int64_t most_gather_ns = 100'000;

int burst_of_registers(void*, int, uint8_t* closure) {
  fma_burst(*reinterpret_cast<const int*>(closure), burst_repetitions);
  return 0;
}

}  // namespace

void Pulse::in_parallel(Body body, int count, void* closure) {
  tenfold_user_context* user_context = context_->user_context();
  user_context->ops->parallel_for(user_context, body, 0, count, static_cast<uint8_t*>(closure));
}

void Pulse::gather() {
  struct Crowd {
    std::atomic<int> here{0};
    int wanted;
    int64_t deadline_ns;
  } crowd{.wanted = threads_, .deadline_ns = now_ns() + most_gather_ns};
  in_parallel(
      [](void*, int, uint8_t* closure) {
        Crowd& c = *reinterpret_cast<Crowd*>(closure);
        c.here.fetch_add(1);
        while (c.here.load() < c.wanted && now_ns() < c.deadline_ns) {
        }
        return 0;
      },
      threads_, &crowd);
}

double Pulse::bursts(Body burst, int lanes) {
  const int parts = threads_ * parts_a_thread;
  in_parallel(burst, parts, &lanes);
  return parts * fma_operations(lanes, burst_repetitions);
}

double Pulse::gflops_of(Body burst, int lanes) {
  gather();
  const int64_t begin = now_ns();
  const double operations = bursts(burst, lanes);
  return operations / static_cast<double>(std::max<int64_t>(1, now_ns() - begin));
}

double Pulse::multiply_add(int lanes) {
  return bursts(burst_of_registers, lanes);
}

double Pulse::multiply_add_gflops(int lanes) {
  return gflops_of(burst_of_registers, lanes);
}

double Pulse::loaded_gflops() {
  return gflops_of(
      [](void*, int, uint8_t*) {
        loaded_burst(burst_repetitions);
        return 0;
      },
      8);
}

}  // namespace tenfold::runner
