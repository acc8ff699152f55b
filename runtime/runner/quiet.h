// QuietWatch: whether another program disturbs this one, and how long it is worth waiting for it to
// stop. On a shared host the other hardware thread of a core takes a third of a kernel's speed for
// seconds: without the watch a search compares moments, not candidates.
#pragma once
#include <cstdint>

#include "runtime/runner/clock.h"
#include "runtime/runner/pulse.h"

namespace tenfold::runner {

class QuietWatch {
 public:
  /// Multiply-adds with operands from the cache run at 90 % of the best peak so far, or above.
  bool is_quiet(Pulse& pulse);

  /// Waits for a quiet moment. False: there was none within limit_ns, or half of the watch's life
  /// has been spent waiting, which is the most that it costs on a machine that is never quiet.
  bool wait(Pulse& pulse, int64_t limit_ns);

 private:
  double best_gflops_a_thread_ = 0;
  int64_t born_ns_ = now_ns(), waited_ns_ = 0;
};

}  // namespace tenfold::runner
