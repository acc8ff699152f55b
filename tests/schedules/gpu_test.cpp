// "gpu_plain" for every operator: run on OpenCL (PoCL where there is no GPU), and compiled for
// CUDA, where each kernel must be assembled for each architecture without a spill.
#include <gtest/gtest.h>

#include "base/target.h"
#include "codegen/kernel.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"
#include "tests/schedules/op_specs.h"

namespace tenfold {
namespace {

using testing_support::spaces_match;

constexpr const char* conv_specs[] = {
    "conv2d n=3 h=7 w=5 c=5 k=7 r=3 s=3 stride=2 pad_top=1 pad_left=2 bias add relu",
    "conv2d h=9 w=11 c=8 k=16 r=3 s=3 pad=1 halo bias relu",
    "conv2d h=8 w=8 c=3 k=16 r=3 s=3 stride=2 pad=1 input=nchw bias",
    "conv2d h=6 w=7 c=12 r=5 s=5 pad=2 depthwise bias",
    "conv2d h=6 w=7 c=12 k=18 r=3 s=1 groups=3 dilation_h=2",
    "conv2d h=5 w=5 c=13 k=17 gate bias relu",
    "conv2d h=5 w=8 c=6 k=1 output=nchw",
};

Task spec(const std::string& text) {
  const auto task = dsl::parse_op_spec(text);
  EXPECT_TRUE(task) << (task ? "" : task.error().message);
  return *task;
}

class ExactOnOpenCl : public ::testing::TestWithParam<const char*> {};

TEST_P(ExactOnOpenCl, AnyConfigMatches) {
  EXPECT_TRUE(spaces_match(spec(GetParam()), *parse_target("opencl"), 1, {.seed = 31}));
}

INSTANTIATE_TEST_SUITE_P(Convolutions, ExactOnOpenCl, ::testing::ValuesIn(conv_specs));
INSTANTIATE_TEST_SUITE_P(Others, ExactOnOpenCl, ::testing::ValuesIn(testing_support::exact_specs));

class CloseOnOpenCl : public ::testing::TestWithParam<const char*> {};

TEST_P(CloseOnOpenCl, AnyConfigMatches) {
  EXPECT_TRUE(
      spaces_match(spec(GetParam()), *parse_target("opencl"), 1, {.seed = 32, .integers = false}));
}

INSTANTIATE_TEST_SUITE_P(Others, CloseOnOpenCl, ::testing::ValuesIn(testing_support::close_specs));

class AssembledForCuda : public ::testing::TestWithParam<const char*> {};

TEST_P(AssembledForCuda, WithoutASpill) {
  const Task task = spec(GetParam());
  for (const char* name : {"cuda-sm80", "cuda-sm90"}) {
    const Target target = *parse_target(name);
    const Config config = schedules::initial_config(task, target);
    ASSERT_TRUE(schedules::check(task, target, config)) << to_text(config);
    const auto kernel = codegen::compile_kernel({.task = task, .config = config, .target = target});
    ASSERT_TRUE(kernel) << name << ": " << to_text(config) << ": " << kernel.error().message;
    EXPECT_FALSE(kernel->cubin.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Convolutions, AssembledForCuda, ::testing::ValuesIn(conv_specs));
INSTANTIATE_TEST_SUITE_P(Exact, AssembledForCuda,
                         ::testing::ValuesIn(testing_support::exact_specs));
INSTANTIATE_TEST_SUITE_P(Close, AssembledForCuda,
                         ::testing::ValuesIn(testing_support::close_specs));

}  // namespace
}  // namespace tenfold
