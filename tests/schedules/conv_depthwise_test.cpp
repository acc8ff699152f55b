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

// Nothing of the machine that the test runs on has a say.
Target with_caches(const char* name, int64_t l1_bytes, int64_t l2_bytes, int64_t l3_bytes) {
  Target target = *parse_target(name);
  target.l1_bytes = l1_bytes;
  target.l2_bytes = l2_bytes;
  target.l3_bytes = l3_bytes;
  target.unit_lanes = target.lanes;
  return target;
}

Target far_l3(const char* name) {
  return with_caches(name, 48 << 10, 2 << 20, 256 << 20);
}

Target near_l3(const char* name) {
  return with_caches(name, 32 << 10, 512 << 10, 32 << 20);
}

// Pieces of pixels from a far L3 come at half the rate of whole rows of them.
TEST(DepthwiseDefault, TakesAllChannelsOfARowWhereMapsLieInAFarL3) {
  for (const char* name : {"x86_64-avx2", "x86_64-avx512"})
    for (const char* shape : {"conv2d h=74 w=74 c=728 k=728 r=3 s=3 pad=1 depthwise halo bias",
                              "conv2d h=56 w=56 c=512 k=512 r=3 s=3 pad=1 depthwise halo bias",
                              "conv2d h=65 w=65 c=728 k=728 r=3 s=3 pad=2 dilation=2 depthwise "
                              "halo bias"}) {
      const Task task = spec(shape);
      const Target far = far_l3(name);
      ASSERT_TRUE(schedules::from_far_l3(task, far));
      const Config config = schedules::initial_config(task, far);
      EXPECT_TRUE(config.at("kb") == 0 || config.at("order") == 1) << to_text(config);
      EXPECT_TRUE(schedules::check(task, far, config));
      const Target near = near_l3(name);
      EXPECT_EQ(schedules::initial_config(task, near).at("order"), 0) << shape;
    }
}

TEST(DepthwiseDefault, KnowsWhatFitsL2) {
  const Task small = spec("conv2d h=28 w=28 c=192 k=192 r=3 s=3 pad=1 depthwise halo bias");
  EXPECT_FALSE(schedules::from_far_l3(small, far_l3("x86_64-avx512")));
}

// From memory, long pieces of pixels: one line at a time takes three times as long.
TEST(DepthwiseDefault, TakesLongPiecesOfMapsThatNoCacheHolds) {
  const Target near = near_l3("x86_64-avx2");
  for (const char* shape : {"conv2d h=56 w=56 c=512 k=512 r=3 s=3 pad=1 depthwise halo bias",
                            "conv2d h=74 w=74 c=728 k=728 r=3 s=3 pad=1 depthwise halo bias",
                            "conv2d h=65 w=65 c=728 k=728 r=3 s=3 pad=2 dilation=2 depthwise "
                            "halo bias"}) {
    const Config config = schedules::initial_config(spec(shape), near);
    EXPECT_TRUE(config.at("kb") == 0 || config.at("kb") >= 8) << shape << ": " << to_text(config);
  }
}

TEST(DepthwiseDefault, AsksAheadForWhatLiesInANearL3) {
  const Target near = near_l3("x86_64-avx2");
  const auto ahead = [](const char* shape, const Target& target) {
    return schedules::initial_config(spec(shape), target).at("ahead");
  };
  const char* beyond_l2 = "conv2d h=14 w=14 c=576 k=576 r=3 s=3 pad=1 depthwise halo bias";
  EXPECT_EQ(ahead(beyond_l2, near), 1);
  const char* beyond_both =
      "conv2d h=28 w=28 c=1024 k=1024 r=3 s=3 pad=1 depthwise halo bias spaced";
  EXPECT_EQ(ahead(beyond_both, near), 1);
  EXPECT_EQ(ahead(beyond_both, far_l3("x86_64-avx2")), 0);
  EXPECT_EQ(ahead("conv2d h=14 w=14 c=96 k=96 r=3 s=3 pad=1 depthwise halo bias", near), 0);
  EXPECT_EQ(ahead("conv2d h=28 w=28 c=576 k=576 r=3 s=3 stride=2 pad=1 depthwise halo bias", near),
            0);
}

TEST(DepthwiseSpace, AsksAheadOnlyForLinesThatATileBelowReads) {
  const Target target = near_l3("x86_64-avx2");
  const auto legal = [&](const std::string& task, const std::string& change) {
    Config config = *parse_config(
        "depthwise ahead=1 kb=4 lanes=8 order=0 ru=1 stage=0 strip=0 xt=7 yt=1 " + change);
    const Task parsed = spec(task.c_str());
    Config without = config;
    without.values["ahead"] = 0;
    EXPECT_TRUE(schedules::check(parsed, target, without)) << task << ", " << to_text(without);
    return bool(schedules::check(parsed, target, config));
  };
  const std::string plain = "conv2d h=14 w=14 c=64 k=64 r=3 s=3 pad=1 depthwise halo bias";
  EXPECT_TRUE(legal(plain, ""));
  EXPECT_TRUE(legal(plain, "kb=0"));
  for (const char* change : {"ru=0", "stage=1", "kb=1", "kb=3", "lanes=1", "lanes=4 xt=3"})
    EXPECT_FALSE(legal(plain, change)) << change;
  EXPECT_FALSE(legal("conv2d h=14 w=14 c=64 k=128 r=3 s=3 pad=1 groups=64 halo bias", ""));
  EXPECT_FALSE(
      legal("conv2d h=1 w=14 c=64 k=64 r=1 s=3 pad_left=1 pad_right=1 depthwise halo bias", ""));
  EXPECT_FALSE(legal("conv2d h=14 w=14 c=64 k=64 r=3 s=3 pad=1 shuffle=4 depthwise halo bias", ""));
}

// Rows of tiles below each other share no input where the rate is larger than they are high.
TEST(DepthwiseDefault, CountsTheInputsOfDilatedTiles) {
  const Target target = far_l3("x86_64-avx512");
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
