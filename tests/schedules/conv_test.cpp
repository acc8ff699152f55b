// Every space that serves conv2d, on small integers, exactly: odd shapes, strides, pads, groups,
// layouts and chains.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

using testing_support::KernelRun;
using testing_support::spaces_match;

class ConvSpec : public ::testing::TestWithParam<const char*> {};

TEST_P(ConvSpec, EverySpaceIsExact) {
  const auto task = dsl::parse_op_spec(GetParam());
  ASSERT_TRUE(task) << task.error().message;
  EXPECT_TRUE(spaces_match(*task, *parse_target("host"), 2, {.seed = 3, .asserts = true}));
  EXPECT_TRUE(spaces_match(*task, *parse_target("host"), 2, {.seed = 4}));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConvSpec,
    ::testing::Values(
        "conv2d h=9 w=11 c=8 k=16 r=3 s=3 pad=1",
        "conv2d h=9 w=11 c=8 k=16 r=3 s=3 pad=1 halo bias relu",
        "conv2d n=3 h=7 w=5 c=5 k=7 r=3 s=3 stride=2 pad_top=1 pad_left=2 bias add relu",
        "conv2d h=14 w=14 c=24 k=48", "conv2d h=14 w=14 c=13 k=17 bias relu add"));

}  // namespace
}  // namespace tenfold
