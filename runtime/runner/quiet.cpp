#include "runtime/runner/quiet.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/runner_protocol.h"

namespace tenfold::runner {
namespace {

// By a judgement: what one odd reading of the clock promised is forgotten after some thousand.
constexpr double forgetting = 1 - 1e-4;
constexpr std::chrono::milliseconds pause{2};

}  // namespace

bool QuietWatch::is_quiet(Pulse& pulse) {
  const double threads = pulse.threads();
  best_gflops_a_thread_ =
      std::max(forgetting * best_gflops_a_thread_, pulse.multiply_add_gflops(8) / threads);
  return pulse.loaded_gflops() / threads >= runner_protocol::quiet_share * best_gflops_a_thread_;
}

bool QuietWatch::wait(Pulse& pulse, int64_t limit_ns) {
  const int64_t begin = now_ns();
  const int64_t allowed_ns = std::min(limit_ns, (begin - born_ns_) / 2 - waited_ns_);
  bool quiet = false;
  while (!quiet && now_ns() - begin < allowed_ns) {
    std::this_thread::sleep_for(pause);
    quiet = is_quiet(pulse);
  }
  waited_ns_ += now_ns() - begin;
  return quiet;
}

}  // namespace tenfold::runner
