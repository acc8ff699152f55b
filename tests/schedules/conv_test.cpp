// Every space that serves conv2d, on small integers, exactly: odd shapes, strides, pads, groups,
// layouts and chains.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

using testing_support::spaces_match;

class ConvSpec : public ::testing::TestWithParam<const char*> {};

TEST_P(ConvSpec, EverySpaceIsExact) {
  const auto task = dsl::parse_op_spec(GetParam());
  ASSERT_TRUE(task) << task.error().message;
  EXPECT_TRUE(spaces_match(*task, *parse_target("host"), 1, {.seed = 3, .asserts = true}));
  EXPECT_TRUE(spaces_match(*task, *parse_target("host"), 2, {.seed = 4}));
}

INSTANTIATE_TEST_SUITE_P(
    Dense, ConvSpec,
    ::testing::Values(
        "conv2d h=9 w=11 c=8 k=16 r=3 s=3 pad=1",
        "conv2d h=9 w=11 c=8 k=16 r=3 s=3 pad=1 halo bias relu",
        "conv2d n=3 h=7 w=5 c=5 k=7 r=3 s=3 stride=2 pad_top=1 pad_left=2 bias add relu",
        "conv2d h=14 w=14 c=24 k=48", "conv2d h=14 w=14 c=13 k=17 bias relu add",
        "conv2d h=1 w=49 c=64 k=24 bias", "conv2d h=5 w=1 c=7 k=1 r=3 pad_top=1 pad_bottom=1",
        "conv2d h=19 w=23 c=3 k=11 r=7 s=7 stride=2 pad=3 input=nchw bias relu",
        "conv2d h=27 w=31 c=3 k=8 r=11 s=11 stride=4 pad=2 input=nchw",
        "conv2d h=8 w=12 c=6 k=10 r=1 s=7 pad_left=3 pad_right=3 halo",
        "conv2d h=12 w=8 c=6 k=10 r=5 s=2 pad_top=2 pad_bottom=1 stride_h=2",
        "conv2d h=13 w=13 c=4 k=9 r=3 s=3 dilation=2 pad=2 bias",
        "conv2d h=9 w=11 c=4 k=9 r=3 s=3 dilation=6 pad=6 halo bias",
        "conv2d h=13 w=17 c=32 k=8 r=3 s=3 dilation_h=3 dilation_w=1 pad_top=3 pad_bottom=3"));

INSTANTIATE_TEST_SUITE_P(
    Grouped, ConvSpec,
    ::testing::Values("conv2d h=7 w=9 c=12 k=24 r=3 s=3 pad=1 groups=3 bias relu",
                      "conv2d n=2 h=6 w=6 c=10 k=6 groups=2 bias",
                      "conv2d h=8 w=7 c=32 k=32 r=3 s=3 stride=2 pad=1 groups=4 halo",
                      "conv2d h=5 w=5 c=9 k=15 r=3 s=3 groups=3"));

INSTANTIATE_TEST_SUITE_P(
    Shuffled, ConvSpec,
    ::testing::Values("conv2d h=7 w=9 c=24 k=12 groups=3 shuffle=3 bias relu",
                      "conv2d n=3 h=5 w=6 c=60 k=45 groups=3 shuffle=3 bias add relu",
                      "conv2d h=6 w=7 c=16 k=32 r=3 s=3 pad=1 groups=4 shuffle=2 halo bias",
                      "conv2d h=5 w=5 c=32 k=32 r=3 s=3 pad=1 groups=8 shuffle=4",
                      "conv2d n=2 h=6 w=5 c=32 k=8 groups=2 shuffle=16 pre=scale_shift pre=relu"));

INSTANTIATE_TEST_SUITE_P(
    Depthwise, ConvSpec,
    ::testing::Values("conv2d h=9 w=11 c=16 k=16 r=3 s=3 pad=1 depthwise halo bias clip(0,6)",
                      "conv2d n=3 h=7 w=10 c=13 k=13 r=3 s=3 stride=2 pad=1 depthwise bias",
                      "conv2d h=8 w=8 c=11 k=11 r=5 s=5 pad=2 depthwise halo add relu",
                      "conv2d h=14 w=9 c=24 k=24 r=7 s=7 pad=3 depthwise",
                      "conv2d h=10 w=10 c=12 k=12 r=3 s=3 dilation=2 pad=2 depthwise halo",
                      "conv2d h=15 w=16 c=40 k=40 r=5 s=5 stride=2 pad=2 depthwise halo bias",
                      "conv2d h=16 w=17 c=9 k=9 r=4 s=4 stride=3 pad=1 depthwise halo",
                      "conv2d h=9 w=13 c=8 k=8 r=2 s=2 stride=3 depthwise bias relu",
                      "conv2d h=6 w=7 c=6 k=18 r=3 s=3 pad=1 depthwise bias",
                      "conv2d h=6 w=7 c=3 k=3 r=3 s=3 pad=1 depthwise input=nchw output=nchw"));

// Functions on load meet the mask: a padding pixel is 0, not what the function makes of 0.
INSTANTIATE_TEST_SUITE_P(
    Chains, ConvSpec,
    ::testing::Values(
        "conv2d h=6 w=9 c=8 k=16 r=3 s=3 pad=1 halo pre=relu bias",
        "conv2d h=6 w=9 c=8 k=16 r=3 s=3 pad=1 halo pre=scale_shift pre=relu bias relu",
        "conv2d n=2 h=6 w=9 c=16 k=8 gate bias add",
        "conv2d n=3 h=7 w=5 c=37 k=43 pre=scale_shift pre=relu bias relu",
        "conv2d h=11 w=13 c=40 k=9 stride=2 pre=scale_shift pre=relu",
        "conv2d n=2 h=6 w=9 c=16 k=16 r=3 s=3 pad=1 depthwise halo gate bias relu add",
        "conv2d h=5 w=6 c=8 k=12 r=3 s=3 pad=1 pre=add bias clip(-3,5) mul max",
        "conv2d h=5 w=6 c=8 k=12 scale_shift prelu sub rsub min neg abs"));

}  // namespace
}  // namespace tenfold
