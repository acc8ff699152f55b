// Grouped and depthwise convolutions in every space that serves them, exactly on small integers:
// groups of 1 to 17 channels, several filters a channel, strides, dilation, batches, chains.
#include <gtest/gtest.h>

#include <map>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

class GroupedSpec : public ::testing::TestWithParam<const char*> {};

TEST_P(GroupedSpec, EverySpaceIsExact) {
  const auto task = dsl::parse_op_spec(GetParam());
  ASSERT_TRUE(task) << task.error().message;
  const Target target = *parse_target("host");
  EXPECT_TRUE(testing_support::spaces_match(*task, target, 2, {.seed = 11, .asserts = true}));
  EXPECT_TRUE(testing_support::spaces_match(*task, target, 4, {.seed = 12}));
}

INSTANTIATE_TEST_SUITE_P(
    NarrowGroups, GroupedSpec,
    ::testing::Values("conv2d n=3 h=9 w=11 c=24 k=24 r=3 s=3 pad=1 groups=6 halo bias relu add",
                      "conv2d h=8 w=13 c=16 k=16 r=3 s=3 stride=2 pad=1 groups=8 bias",
                      "conv2d h=11 w=7 c=18 k=18 r=3 s=3 dilation=2 pad=2 groups=6 halo bias",
                      "conv2d n=3 h=6 w=10 c=40 k=40 r=3 s=3 pad=1 groups=5 halo gate bias relu",
                      "conv2d n=3 h=5 w=7 c=24 k=96 r=5 s=3 pad_top=2 pad_left=1 groups=12 bias",
                      "conv2d h=6 w=5 c=26 k=52 r=3 s=3 pad=1 groups=13 pre=relu bias",
                      "conv2d h=5 w=9 c=14 k=7 r=1 s=5 pad_left=2 pad_right=1 groups=7 bias"));

INSTANTIATE_TEST_SUITE_P(VectorsWithATail, GroupedSpec,
                         ::testing::Values("conv2d h=7 w=13 c=52 k=68 groups=4 bias relu",
                                           "conv2d h=10 w=8 c=36 k=60 groups=3 bias add",
                                           "conv2d n=3 h=5 w=6 c=22 k=26 r=3 s=3 groups=2 bias"));

INSTANTIATE_TEST_SUITE_P(
    Depthwise, GroupedSpec,
    ::testing::Values("conv2d h=9 w=8 c=12 k=24 r=3 s=3 pad=1 groups=12 halo bias relu",
                      "conv2d n=3 h=6 w=11 c=10 k=30 r=3 s=3 stride=2 pad=1 groups=10 halo bias",
                      "conv2d n=3 h=13 w=11 c=37 k=37 r=5 s=5 stride=2 pad=2 depthwise halo bias",
                      "conv2d h=12 w=14 c=24 k=24 r=3 s=3 dilation=3 pad=3 depthwise halo bias add",
                      "conv2d h=7 w=7 c=23 k=23 r=7 s=7 pad=3 depthwise bias relu",
                      "conv2d h=1 w=19 c=17 k=17 r=1 s=7 pad_left=3 pad_right=3 depthwise halo"));

/// Groups that take turns in a vector: inputs that are masked, changed on load or shuffled, more
/// outputs than inputs a group, blocks inside and outside, tiles that are cut.
TEST(Grouped, TurnsAreExact) {
  const Target target = *parse_target("x86_64-avx2");
  for (const char* text :
       {"conv2d n=3 h=9 w=11 c=24 k=24 r=3 s=3 pad=1 groups=6 halo bias relu add",
        "conv2d n=2 h=8 w=13 c=16 k=32 r=3 s=3 stride=2 pad=1 groups=8 gate bias",
        "conv2d h=6 w=7 c=32 k=16 r=3 s=5 pad_left=2 pad_right=1 groups=4 pre=relu bias shuffle=2",
        "conv2d h=5 w=9 c=24 k=16 groups=8 bias"}) {
    const auto task = dsl::parse_op_spec(text);
    ASSERT_TRUE(task) << task.error().message;
    const int64_t groups = task->attrs.get_int("groups", 1),
                  group_k = task->outputs[0].dims[3] / groups,
                  group_c = task->inputs[0].dims[3] / groups;
    for (const auto& [gb, order] : {std::pair{0, 0}, {1, 0}, {1, 1}}) {
      Config config = (*schedules::find_space("grouped"))->initial(*task, target);
      const std::map<std::string, int64_t> turns = {
          {"share", 8 / group_k}, {"lanes", 8}, {"kt", 1},    {"xt", 4},    {"yt", 1},
          {"cu", group_c},        {"tu", 0},    {"turns", 1}, {"strip", 2}, {"gb", gb},
          {"order", order}};
      for (const auto& [axis, value] : turns) config.values[axis] = value;
      EXPECT_TRUE(testing_support::kernel_matches(*task, config, target, {.seed = 13}));
      EXPECT_TRUE(
          testing_support::kernel_matches(*task, config, target, {.seed = 14, .asserts = true}));
    }
  }
}

}  // namespace
}  // namespace tenfold
