#include "runtime/team.h"

#include <oneapi/tbb/global_control.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tenfold::runtime {
namespace {

// Shares are claimed in this many pieces: enough to even out a thread that was interrupted, few
// enough to stay cheap.
constexpr int64_t pieces_a_share = 8;
// How long a helper looks for the next loop: longer than most steps that have none, since a
// sleeping thread comes back after some 50 microseconds at best.
constexpr int64_t patience_ns = 500'000;
constexpr int pauses_a_look_at_the_clock = 64;
constexpr int pauses_a_yield = 500;

int64_t now_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace

Team::Team(int threads, Context* context, const tenfold_ops* ops)
    : threads_(threads),
      members_(new Member[threads]),
      called_(new std::atomic<bool>[threads]),
      processors_(new std::atomic<int>[threads]) {
  for (int rank = 0; rank < threads; ++rank) {
    Member& member = members_[rank];
    member.user_context.ops = ops;
    member.context = context;
    member.team = this;
    member.rank = rank;
    called_[rank] = false;
    processors_[rank] = -1;
  }
  if (threads == 1) return;
  for (Loop& loop : loops_) loop.shares.reset(new Share[threads]);
  arena_ = std::make_unique<oneapi::tbb::task_arena>(threads, 1);
  helpers_ = std::make_unique<oneapi::tbb::task_group>();
}

Team::~Team() {
  // Runs those helpers that no thread has started yet; they see that it is over.
  if (arena_) arena_->execute([&] { helpers_->wait(); });
}

uint32_t Team::most_threads() {
  using oneapi::tbb::global_control;
  return static_cast<uint32_t>(
      global_control::active_value(global_control::max_allowed_parallelism));
}

void Team::region(void (*function)(void* argument), void* argument) {
  if (threads_ == 1) return function(argument);
  // Helpers leave by themselves once it is over: to wait for one that the system has put aside
  // would delay every run on a busy machine. One that has not noticed when the next region begins
  // stays.
  struct Over {
    Team& team;
    ~Over() { team.over_.store(true); }
  };
  arena_->execute([&] {
    processors_[0].store(sched_getcpu(), std::memory_order_relaxed);
    const Over over{*this};
    over_.store(false);
    call_helpers();
    function(argument);
  });
}

int Team::parallel_for(Member& caller, Body body, int min, int extent, uint8_t* closure) {
  if (threads_ > 1 && extent > 1 && over_.load(std::memory_order_relaxed)) {
    struct Call {
      Team* team;
      Member* caller;
      Body body;
      int min, extent, result;
      uint8_t* closure;
    } call{this, &caller, body, min, extent, 0, closure};
    region(
        [](void* argument) {
          Call& c = *static_cast<Call*>(argument);
          c.result = c.team->parallel_for(*c.caller, c.body, c.min, c.extent, c.closure);
        },
        &call);
    return call.result;
  }

  Loop* loop = threads_ > 1 && extent > 1 ? take_loop() : nullptr;
  if (!loop) {
    for (int i = 0; i < extent; ++i)
      if (const int failure = body(&caller.user_context, min + i, closure)) return failure;
    return 0;
  }

  loop->body = body;
  loop->closure = closure;
  loop->failure.store(0, std::memory_order_relaxed);
  loop->chunk = std::max<int64_t>(1, extent / (threads_ * pieces_a_share));
  for (int64_t rank = 0; rank < threads_; ++rank) {
    loop->shares[rank].next.store(min + extent * rank / threads_, std::memory_order_relaxed);
    loop->shares[rank].end = min + extent * (rank + 1) / threads_;
  }
  loop->open.store(true);
  if (caller.rank == 0) call_helpers();
  work(caller, *loop);

  // Nothing is left to claim. A helper counts itself in before it looks whether the loop is open,
  // so that after this store and a count of zero none can be in the body.
  loop->open.store(false);
  for (int spins = 0; loop->inside.load() != 0; ++spins) {
    pause();
    if (spins % pauses_a_yield == pauses_a_yield - 1) sched_yield();
  }
  const int failure = loop->failure.load();
  loop->taken.store(false, std::memory_order_release);
  return failure;
}

Team::Loop* Team::take_loop() {
  for (Loop& loop : loops_)
    if (!loop.taken.load(std::memory_order_relaxed) &&
        !loop.taken.exchange(true, std::memory_order_acquire))
      return &loop;
  return nullptr;
}

void Team::call_helpers() {
  for (int rank = 1; rank < threads_; ++rank) {
    if (called_[rank].load(std::memory_order_acquire)) continue;
    called_[rank].store(true, std::memory_order_relaxed);
    helpers_->run([this, rank] { help(members_[rank]); });
  }
}

// A thread may wake on the processor of another of the team although others are idle, and Linux
// takes tens of milliseconds to notice. Leaving that processor out for a moment moves the thread
// at once.
void Team::spread(const Member& member) {
  const int own = sched_getcpu();
  cpu_set_t taken;
  CPU_ZERO(&taken);
  for (int rank = 0; rank < threads_; ++rank) {
    const int processor = processors_[rank].load(std::memory_order_relaxed);
    if (rank != member.rank && processor >= 0 && processor < CPU_SETSIZE)
      CPU_SET(processor, &taken);
  }
  if (own >= 0 && own < CPU_SETSIZE && CPU_ISSET(own, &taken)) {
    cpu_set_t allowed, others;
    const pthread_t self = pthread_self();
    if (pthread_getaffinity_np(self, sizeof allowed, &allowed) == 0) {
      CPU_AND(&others, &allowed, &taken);
      CPU_XOR(&others, &allowed, &others);
      if (CPU_COUNT(&others) > 0 && pthread_setaffinity_np(self, sizeof others, &others) == 0)
        pthread_setaffinity_np(self, sizeof allowed, &allowed);
    }
  }
  processors_[member.rank].store(sched_getcpu(), std::memory_order_relaxed);
}

void Team::help(Member& member) {
  spread(member);
  int64_t idle_since = now_ns();
  for (int idle = 1; !over_.load(std::memory_order_relaxed); ++idle) {
    bool worked = false;
    for (Loop& loop : loops_) {
      if (!loop.open.load(std::memory_order_relaxed)) continue;
      loop.inside.fetch_add(1);
      worked = (loop.open.load() && work(member, loop)) || worked;
      loop.inside.fetch_sub(1, std::memory_order_release);
    }
    pause();
    if (worked)
      idle_since = now_ns();
    else if (idle % pauses_a_look_at_the_clock == 0 && now_ns() - idle_since > patience_ns)
      break;
  }
  processors_[member.rank].store(-1, std::memory_order_relaxed);
  called_[member.rank].store(false, std::memory_order_release);
}

bool Team::work(Member& member, Loop& loop) {
  bool any = false;
  for (int turn = 0; turn < threads_; ++turn) {
    Share& share = loop.shares[(member.rank + turn) % threads_];
    while (share.next.load(std::memory_order_relaxed) < share.end) {
      const int64_t begin = share.next.fetch_add(loop.chunk, std::memory_order_relaxed);
      const int64_t end = std::min(begin + loop.chunk, share.end);
      for (int64_t index = begin; index < end; ++index) {
        any = true;
        if (loop.failure.load(std::memory_order_relaxed) != 0) return true;
        if (const int failure =
                loop.body(&member.user_context, static_cast<int>(index), loop.closure)) {
          int none = 0;
          loop.failure.compare_exchange_strong(none, failure);
          return true;
        }
      }
    }
  }
  return any;
}

}  // namespace tenfold::runtime
