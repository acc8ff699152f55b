// Pulse: what all threads of a context do at this moment at most, found out in tens of
// microseconds.
#pragma once
#include <cstdint>

#include "runtime/context.h"

namespace tenfold::runner {

class Pulse {
 public:
  Pulse(runtime::Context& context, int threads) : context_(&context), threads_(threads) {}

  int threads() const { return threads_; }

  /// Until every thread of the context is at hand, or 100 microseconds have passed.
  void gather();

  /// One burst of multiply-adds from registers, all threads together: how many operations it was.
  double multiply_add(int lanes);
  /// The rate of one such burst. Wide units are slower in their first tens of microseconds, so that
  /// the peak of 16 lanes is what many bursts in a row show.
  double multiply_add_gflops(int lanes);
  /// The same with operands from the first-level cache, 8 lanes: less than the peak where another
  /// program holds a part of a core.
  double loaded_gflops();

  using Body = int (*)(void* user_context, int index, uint8_t* closure);
  void in_parallel(Body body, int count, void* closure);

 private:
  double bursts(Body burst, int lanes);
  double gflops_of(Body burst, int lanes);

  runtime::Context* context_;
  int threads_;
};

}  // namespace tenfold::runner
