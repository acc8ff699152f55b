// Deformable convolutions on the CPU: groups that share a vector, that fill one and that end inside
// one, one offset group and several, kernels sampled by tap, by row and whole, images of several
// runs with a tail.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

class DeformSpec : public ::testing::TestWithParam<const char*> {};

TEST_P(DeformSpec, AnyConfigIsWithinTolerance) {
  const auto task = dsl::parse_op_spec(GetParam());
  ASSERT_TRUE(task) << task.error().message;
  const Target target = *parse_target("host");
  EXPECT_TRUE(testing_support::spaces_match(*task, target, 6, {.seed = 21, .asserts = true}));
  EXPECT_TRUE(testing_support::spaces_match(*task, target, 6, {.seed = 22}));
}

INSTANTIATE_TEST_SUITE_P(
    Dense, DeformSpec,
    ::testing::Values(
        "deform_conv2d n=2 h=9 w=11 c=20 k=37 r=3 s=3 pad=1 mask bias relu",
        "deform_conv2d h=13 w=6 c=7 k=16 r=3 s=3 stride=2 pad=1 bias",
        "deform_conv2d h=7 w=7 c=40 k=24 r=5 s=3 pad=1 dilation=2 offset_groups=5 mask",
        "deform_conv2d h=8 w=5 c=12 k=9 r=1 s=1 offset_groups=2 mask bias"));

INSTANTIATE_TEST_SUITE_P(
    Grouped, DeformSpec,
    ::testing::Values(
        "deform_conv2d h=9 w=10 c=16 k=16 r=3 s=3 pad=1 groups=4 mask bias relu",
        "deform_conv2d n=2 h=5 w=7 c=24 k=16 r=3 s=3 pad=1 groups=8 mask bias",
        "deform_conv2d h=6 w=9 c=16 k=32 r=3 s=2 pad=1 groups=8 offset_groups=2 bias",
        "deform_conv2d h=9 w=10 c=24 k=36 r=3 s=3 pad=1 groups=3 offset_groups=6 mask bias relu",
        "deform_conv2d h=7 w=8 c=32 k=32 r=3 s=3 stride=2 pad=1 groups=2 offset_groups=4 mask"));

}  // namespace
}  // namespace tenfold
