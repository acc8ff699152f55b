// Team: the threads of one context. While a region runs, one helper task a further thread looks for
// parallel loops, spinning for a short while between them, because a network's loops follow each
// other within microseconds and waking a sleeping thread costs more than most loops take. A helper
// that has found nothing for a while returns its thread to TBB; the next loop calls it again. No
// loop ever waits for a helper that has not come: iterations are claimed, not dealt out.
//
// Seen on two cores of a Zen 3 (2026-11-24): a loop of 16 iterations costs 0.9 microseconds beyond
// its work, 200 microseconds after the last loop too, where tbb::parallel_for costs 1.7 and 7.5.
//
// Each thread has a share of contiguous iterations, the same in every run, and takes from the
// others when its own is done.
#pragma once
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "runtime/memory.h"
#include "tenfold/abi.h"

namespace tenfold::runtime {

class Context;
class Team;

/// A thread's part of a context. Kernels get a pointer to `user_context` and parallel bodies get
/// their own thread's.
struct alignas(64) Member {
  tenfold_user_context user_context;  // first: what kernels see
  Context* context = nullptr;
  Team* team = nullptr;
  int rank = 0;
  Scratch scratch;
};

class Team {
 public:
  using Body = int (*)(void* user_context, int index, uint8_t* closure);

  Team(int threads, Context* context, const tenfold_ops* ops);
  ~Team();
  /// That TBB gives this process: asking for more only makes it complain.
  static uint32_t most_threads();
  int threads() const { return threads_; }
  Member& member(int rank) { return members_[rank]; }

  /// Calls function(argument) with helpers at hand. Regions of one team do not nest.
  void region(void (*function)(void* argument), void* argument);

  /// Calls body for min <= index < min + extent and returns 0, or the first value that was not 0,
  /// in which case not all were called. Outside of a region it makes one.
  int parallel_for(Member& caller, Body body, int min, int extent, uint8_t* closure);

 private:
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };
  struct alignas(64) Loop {
    std::atomic<bool> taken{false};
    std::atomic<bool> open{false};
    std::atomic<int> failure{0};
    Body body = nullptr;
    uint8_t* closure = nullptr;
    int64_t chunk = 1;
    std::unique_ptr<Share[]> shares;
    alignas(64) std::atomic<int> inside{0};  // helpers that look at this loop
  };

  Loop* take_loop();
  void call_helpers();
  void help(Member& member);
  void spread(const Member& member);
  bool work(Member& member, Loop& loop);  // true when there was any

  static constexpr int loop_count = 4;  // at once: nested loops; more than these run in place
  const int threads_;
  std::unique_ptr<Member[]> members_;
  Loop loops_[loop_count];
  std::unique_ptr<std::atomic<bool>[]> called_;     // by rank: a helper is on its way or here
  std::unique_ptr<std::atomic<int>[]> processors_;  // by rank, where it was last seen, or -1
  std::atomic<bool> over_{true};                    // no region
  std::unique_ptr<oneapi::tbb::task_arena> arena_;
  std::unique_ptr<oneapi::tbb::task_group> helpers_;
};

}  // namespace tenfold::runtime
