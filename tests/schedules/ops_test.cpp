// Every operator but conv2d in every space that serves it: exactly on small integers where the
// arithmetic allows it, within schedules::tolerance of the double-precision reference elsewhere.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "tests/kernel_harness.h"
#include "tests/schedules/op_specs.h"

namespace tenfold {
namespace {

using testing_support::spaces_match;

Task spec(const std::string& text) {
  const auto task = dsl::parse_op_spec(text);
  EXPECT_TRUE(task) << (task ? "" : task.error().message);
  return *task;
}

class ExactOp : public ::testing::TestWithParam<const char*> {};

TEST_P(ExactOp, EverySpaceIsExact) {
  const Task task = spec(GetParam());
  EXPECT_TRUE(spaces_match(task, *parse_target("host"), 2, {.seed = 21, .asserts = true}));
  EXPECT_TRUE(spaces_match(task, *parse_target("host"), 1, {.seed = 22}));
}

INSTANTIATE_TEST_SUITE_P(Specs, ExactOp, ::testing::ValuesIn(testing_support::exact_specs));

class CloseOp : public ::testing::TestWithParam<const char*> {};

TEST_P(CloseOp, EverySpaceIsWithinTolerance) {
  const Task task = spec(GetParam());
  EXPECT_TRUE(spaces_match(task, *parse_target("host"), 2, {.seed = 23, .integers = false}));
}

INSTANTIATE_TEST_SUITE_P(Specs, CloseOp, ::testing::ValuesIn(testing_support::close_specs));

TEST(BadSpecs, AreTypedErrorsBeforeAnythingIsCompiled) {
  for (const char* text :
       {"conv2d h=5 w=5 c=4 k=4 r=3 s=3 stride=0", "conv2d h=5 w=5 c=4 k=4 r=7 s=7",
        "conv2d h=5 w=5 c=5 k=4 groups=2", "conv2d h=5 w=5 c=4 k=4 r=3 s=3 dilation=0",
        "conv2d h=5 w=5 c=4 k=4 pad=-1", "conv2d h=1e9 w=1e9 c=1e9 k=4",
        "conv2d h=5 w=5 c=4 k=4 nonsense", "max_pool2d h=2 w=2 c=4 r=3 s=3", "gemm m=0 n=-1 k=4",
        "nothing h=1", ""}) {
    const auto task = dsl::parse_op_spec(text);
    ASSERT_FALSE(task) << text;
    EXPECT_FALSE(task.error().message.empty()) << text;
  }
}

}  // namespace
}  // namespace tenfold
