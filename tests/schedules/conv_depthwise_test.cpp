// The depthwise space's default by what its maps lie in.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/conv_loops.h"
#include "schedules/depthwise_cycles.h"
#include "schedules/loops.h"
#include "schedules/space.h"

namespace tenfold {
namespace {

Task spec(const char* text) {
  return dsl::parse_op_spec(text).value();
}

Target with_l2(const char* name, int64_t bytes) {
  Target target = *parse_target(name);
  target.l2_bytes = bytes;
  return target;
}

// Pieces of pixels from a far L3 come at half the rate of whole rows of them.
TEST(DepthwiseDefault, TakesAllChannelsOfARowWhereMapsLieInAFarL3) {
  for (const char* name : {"x86_64-avx2", "x86_64-avx512"})
    for (const char* shape : {"conv2d h=74 w=74 c=728 k=728 r=3 s=3 pad=1 depthwise halo bias",
                              "conv2d h=56 w=56 c=512 k=512 r=3 s=3 pad=1 depthwise halo bias",
                              "conv2d h=65 w=65 c=728 k=728 r=3 s=3 pad=2 dilation=2 depthwise "
                              "halo bias"}) {
      const Task task = spec(shape);
      const Target far = with_l2(name, 2 << 20);
      ASSERT_TRUE(schedules::from_far_l3(task, far));
      const Config config = schedules::initial_config(task, far);
      EXPECT_TRUE(config.at("kb") == 0 || config.at("order") == 1) << to_text(config);
      EXPECT_TRUE(schedules::check(task, far, config));
      const Target near = with_l2(name, 512 << 10);
      EXPECT_EQ(schedules::initial_config(task, near).at("order"), 0) << shape;
    }
}

TEST(DepthwiseDefault, KnowsWhatFitsL2) {
  const Task small = spec("conv2d h=28 w=28 c=192 k=192 r=3 s=3 pad=1 depthwise halo bias");
  EXPECT_FALSE(schedules::from_far_l3(small, with_l2("x86_64-avx512", 2 << 20)));
}

// Rows of tiles below each other share no input where the rate is larger than they are high.
TEST(DepthwiseDefault, CountsTheInputsOfDilatedTiles) {
  const Target target = with_l2("x86_64-avx512", 2 << 20);
  const auto cycles = [&](const char* shape, int64_t rows) {
    const Task task = spec(shape);
    return schedules::depthwise_cycles(
        task, schedules::conv_shape(task), target,
        {.lanes = 16, .xt = 7, .yt = rows, .vectors = 2, .copied = false, .unrolled = true});
  };
  const char* dense = "conv2d h=28 w=28 c=64 k=64 r=5 s=5 pad=2 depthwise halo";
  const char* dilated = "conv2d h=28 w=28 c=64 k=64 r=5 s=5 pad=8 dilation=4 depthwise halo";
  EXPECT_LT(cycles(dense, 2) / cycles(dense, 1), 0.98 * cycles(dilated, 2) / cycles(dilated, 1));
}

}  // namespace
}  // namespace tenfold
