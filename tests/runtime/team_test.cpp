// Parallel loops through the operations that kernels call: every index once, nested, failing, with
// and without a region.
#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <atomic>
#include <vector>

#include "tenfold/tenfold.h"

namespace {

/// A context for single operators, with as many threads as asked for, even on a smaller machine.
class Team {
 public:
  explicit Team(uint32_t threads)
      : limit_(oneapi::tbb::global_control::max_allowed_parallelism, 8) {
    const tenfold_context_options options = {.threads = threads};
    EXPECT_EQ(tenfold_op_context_create(&options, &context_), TENFOLD_OK);
  }
  ~Team() { tenfold_context_free(context_); }
  tenfold_context* context() { return context_; }
  tenfold_user_context* user() { return tenfold_user_context_of(context_); }

 private:
  oneapi::tbb::global_control limit_;
  tenfold_context* context_ = nullptr;
};

int parallel_for(void* user, int (*body)(void*, int, uint8_t*), int min, int extent,
                 void* closure) {
  return static_cast<tenfold_user_context*>(user)->ops->parallel_for(
      user, body, min, extent, static_cast<uint8_t*>(closure));
}

class TeamThreads : public testing::TestWithParam<uint32_t> {};

TEST_P(TeamThreads, CallsEveryIndexOnce) {
  Team team(GetParam());
  for (const int extent : {0, 1, 2, 3, 7, 64, 1000}) {
    for (int round = 0; round < 50; ++round) {
      std::vector<std::atomic<int>> calls(static_cast<size_t>(extent));
      const auto body = [](void*, int index, uint8_t* closure) {
        ++(*reinterpret_cast<std::vector<std::atomic<int>>*>(
            closure))[static_cast<size_t>(index + 5)];
        return 0;
      };
      ASSERT_EQ(parallel_for(team.user(), body, -5, extent, &calls), 0);
      for (const auto& count : calls) ASSERT_EQ(count, 1);
    }
  }
}

TEST_P(TeamThreads, NestsWithScratchOfEachThread) {
  Team team(GetParam());
  struct Work {
    std::atomic<int> calls{0};
    std::atomic<int> wrong{0};
  } work;
  const auto inner = [](void* user, int index, uint8_t* closure) {
    auto& w = *reinterpret_cast<Work*>(closure);
    const tenfold_ops* ops = static_cast<tenfold_user_context*>(user)->ops;
    auto* block = static_cast<int*>(ops->allocate(user, 4000));
    for (int i = 0; i < 1000; ++i) block[i] = index;
    for (int i = 0; i < 1000; ++i) w.wrong += block[i] != index;
    ops->release(user, block);
    ++w.calls;
    return 0;
  };
  static int (*const inner_body)(void*, int, uint8_t*) = inner;
  const auto outer = [](void* user, int, uint8_t* closure) {
    return parallel_for(user, inner_body, 0, 5, closure);
  };
  static int (*const outer_body)(void*, int, uint8_t*) = outer;
  const auto outermost = [](void* user, int, uint8_t* closure) {
    return parallel_for(user, outer_body, 0, 4, closure);
  };
  for (int round = 0; round < 20; ++round)
    ASSERT_EQ(parallel_for(team.user(), outermost, 0, 3, &work), 0);
  EXPECT_EQ(work.calls, 20 * 3 * 4 * 5);
  EXPECT_EQ(work.wrong, 0);
}

TEST_P(TeamThreads, ReturnsAFailureAndGoesOn) {
  Team team(GetParam());
  const auto failing = [](void*, int index, uint8_t*) { return index == 13 ? -13 : 0; };
  const auto fine = [](void*, int, uint8_t*) { return 0; };
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(parallel_for(team.user(), failing, 0, 100, nullptr), -13);
    EXPECT_EQ(parallel_for(team.user(), fine, 0, 100, nullptr), 0);
  }
}

TEST_P(TeamThreads, RegionsHoldManyLoops) {
  Team team(GetParam());
  struct Work {
    tenfold_user_context* user;
    std::atomic<int> calls{0};
  } work{team.user()};
  const auto body = [](void*, int, uint8_t* closure) {
    return ++reinterpret_cast<Work*>(closure)->calls, 0;
  };
  static int (*const loop_body)(void*, int, uint8_t*) = body;
  const auto region = [](void* argument) {
    Work& w = *static_cast<Work*>(argument);
    for (int i = 0; i < 1000; ++i) parallel_for(w.user, loop_body, 0, 17, &w);
  };
  ASSERT_EQ(tenfold_region(team.context(), region, &work), TENFOLD_OK);
  EXPECT_EQ(work.calls, 17000);
}

INSTANTIATE_TEST_SUITE_P(Counts, TeamThreads, testing::Values(1, 2, 3, 8));

TEST(OpContext, HasNoNetworkAndKeepsTheErrorText) {
  Team team(2);
  EXPECT_EQ(tenfold_run(team.context()), TENFOLD_INVALID_ARGUMENT);
  team.user()->ops->error(team.user(), "a kernel's complaint");
  EXPECT_STREQ(tenfold_context_error(team.context()), "a kernel's complaint");
  EXPECT_EQ(tenfold_user_context_of(nullptr), nullptr);
}

}  // namespace
