// What bounds a kernel, measured with the kernel's own threads: the multiply-add peak, and a loop
// that moves the bytes which the problem must move and does nothing else. Its memory has the sizes
// of the problem's operands, so that it finds them in the cache in which the kernel finds its own.
#pragma once
#include "base/runner_protocol.h"
#include "runtime/context.h"
#include "runtime/runner/guarded_buffer.h"
#include "runtime/runner/pulse.h"

namespace tenfold::runner {

class Bounds {
 public:
  /// Errors: io when there is no memory for the loop's operands.
  static Result<Bounds> create(runtime::Context& context, int threads,
                               const runner_protocol::Benchmark& request);

  Pulse& pulse() { return pulse_; }

  /// Moves every byte once, each part going on from `streams` places in turn.
  void move_bytes(int streams);
  /// The part of what is read that stands for the problem's constants leaves the caches.
  void flush_constants();

 private:
  Bounds(runtime::Context& context, int threads) : pulse_(context, threads) {}

  Pulse pulse_;
  GuardedBuffer read_, constants_, write_;
};

}  // namespace tenfold::runner
