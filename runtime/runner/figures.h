// What bounds a kernel, measured with the kernel's own threads: the multiply-add peak, and a loop
// that moves the bytes which the problem must move and does nothing else. Its memory has the sizes
// of the problem's operands, so that it finds them in the cache in which the kernel finds its own.
#pragma once
#include "base/runner_protocol.h"
#include "runtime/context.h"
#include "runtime/runner/guarded_buffer.h"

namespace tenfold::runner {

class Bounds {
 public:
  /// Errors: io when there is no memory for the loop's operands.
  static Result<Bounds> create(runtime::Context& context, int threads,
                               const runner_protocol::Benchmark& request);

  /// Until every thread of the context is at hand, or 100 microseconds have passed.
  void gather();

  /// One sample of each peak, in the order of `lanes`.
  double multiply_add_gflops(int lanes);
  /// The same with operands from the first-level cache, 8 lanes: less than the peak where another
  /// program disturbs this one.
  double loaded_gflops();
  /// Moves every byte once, each part going on from `streams` places in turn.
  void move_bytes(int streams);
  /// The part of what is read that stands for the problem's constants leaves the caches.
  void flush_constants();

 private:
  using Body = int (*)(void* user_context, int index, uint8_t* closure);
  Bounds(runtime::Context& context, int threads) : context_(&context), threads_(threads) {}
  double gflops_of(Body burst, int lanes);
  void in_parallel(Body body, int count, void* closure);

  runtime::Context* context_;
  int threads_;
  GuardedBuffer read_, constants_, write_;
};

}  // namespace tenfold::runner
