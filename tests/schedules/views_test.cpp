// Operators on views that are not dense: slices of wider pixels, padded strides, a model's own
// NCHW, halos that a pool must not read, and outputs in the memory of an operand. The harness fails
// on any byte touched outside of the logical output.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

using testing_support::kernel_matches;
using testing_support::KernelRun;
using testing_support::spaces_match;

Task spec(const std::string& text) {
  const auto task = dsl::parse_op_spec(text);
  EXPECT_TRUE(task) << (task ? "" : task.error().message);
  return *task;
}

// Channels from `first` of pixels that are `wider` channels wider, in rows two pixels longer.
View slice(const View& view, int64_t wider, int64_t first) {
  View sliced = view;
  const int64_t pixel = view.dims[3] + wider, row = (view.dims[2] + 2) * pixel;
  sliced.strides = {view.dims[1] * row, row, pixel, 1};
  sliced.offset = first;
  return sliced;
}

constexpr const char* specs[] = {
    "max_pool2d n=3 h=9 w=11 c=13 r=3 s=3 stride=2 pad=1",
    "avg_pool2d n=2 h=8 w=9 c=24 r=2 s=2 stride=2",
    "global_max_pool n=3 h=5 w=7 c=13",
    "conv_transpose2d n=2 h=5 w=7 c=8 k=12 r=2 s=2 stride=2 bias relu",
    "conv_transpose2d h=5 w=7 c=8 k=1 r=2 s=2 stride=2",
    "resize2d n=2 h=5 w=7 c=24 coordinate=1 nearest=2",
    "resize2d h=5 w=7 c=5 coordinate=1 nearest=2 scale_h=8 scale_w=8 add",
    "map n=3 h=5 w=7 c=13 bias add relu",
    "gather_channels n=2 h=3 w=5 c=24 groups=4",
    "conv2d n=3 h=1 w=1 c=53 k=37 bias relu",
};

class SlicedOp : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(SlicedOp, ReadsAndWritesItsOwnAlone) {
  const auto [text, target] = GetParam();
  Task task = spec(text);
  for (View& view : task.inputs) view = slice(view, 3, 2);
  task.outputs[0] = slice(task.outputs[0], 5, 4);
  EXPECT_TRUE(spaces_match(task, *parse_target(target), 1, {.seed = 41, .asserts = true}));
}

INSTANTIATE_TEST_SUITE_P(Targets, SlicedOp,
                         ::testing::Combine(::testing::ValuesIn(specs),
                                            ::testing::Values("host", "opencl")));

class TurnedOp : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(TurnedOp, ReadsAndWritesChannelPlanes) {
  const auto [text, target] = GetParam();
  Task task = spec(text);
  const auto planes = [](const View& v) {
    return nchw_view(v.type, v.dims[0], v.dims[1], v.dims[2], v.dims[3]);
  };
  Task reads = task, writes = task;
  reads.inputs[0] = planes(reads.inputs[0]);
  writes.outputs[0] = planes(writes.outputs[0]);
  EXPECT_TRUE(spaces_match(reads, *parse_target(target), 1, {.seed = 42}));
  EXPECT_TRUE(spaces_match(writes, *parse_target(target), 1, {.seed = 43}));
}

INSTANTIATE_TEST_SUITE_P(Targets, TurnedOp,
                         ::testing::Combine(::testing::ValuesIn(specs),
                                            ::testing::Values("host", "opencl")));

// The harness fills halos with zeros, which exceed every maximum of negative numbers.
TEST(HaloOp, PoolsDoNotReadIt) {
  for (const char* text :
       {"max_pool2d h=6 w=7 c=5 r=3 s=3 pad=1 halo pre=abs pre=neg",
        "max_pool2d h=6 w=7 c=16 r=3 s=2 stride=2 pad_top=1 halo pre=abs pre=neg"})
    EXPECT_TRUE(spaces_match(spec(text), *parse_target("host"), 2, {.seed = 44}));
}

TEST(InPlaceOp, ComputesNothingTwice) {
  for (const char* text : {"map n=2 h=5 w=7 c=13 affine(2,1)", "map h=4 w=5 c=20 bias relu",
                           "map h=3 w=7 c=3 affine(2,1)"})
    for (const char* target : {"host", "opencl"})
      EXPECT_TRUE(
          spaces_match(spec(text), *parse_target(target), 2, {.seed = 45, .in_place_input = 0}))
          << text;
  // The sum goes into the residual's memory.
  for (const char* text :
       {"max_pool2d h=9 w=11 c=13 r=3 s=3 pad=1 add",
        "resize2d h=3 w=5 c=13 coordinate=1 nearest=2 add",
        "conv_transpose2d h=4 w=5 c=3 k=13 r=2 s=2 stride=2 add", "gemm m=3 n=13 k=8 add"})
    EXPECT_TRUE(
        spaces_match(spec(text), *parse_target("host"), 3, {.seed = 46, .in_place_input = 1}))
        << text;
}

// 53 channels are seven vectors of 8, whose last block may not move inwards in place.
TEST(InPlaceOp, HasALegalDefaultWhateverTheRestOfItsLines) {
  for (const char* name : {"x86_64-avx2", "x86_64-avx512"})
    for (const char* op : {"global_max_pool", "global_avg_pool"})
      for (int channels = 1; channels <= 200; ++channels) {
        const Task task =
            spec(std::string(op) + " n=2 h=11 w=12 c=" + std::to_string(channels) + " add");
        const Target target = *parse_target(name);
        const Status legal =
            schedules::check(task, target, schedules::initial_config(task, target));
        ASSERT_TRUE(legal) << name << ", " << op << " of " << channels << ": "
                           << legal.error().message;
      }
}

TEST(Harness, NanNeverPasses) {
  const Task task = spec("map h=3 w=5 c=8 affine(0,-1) sqrt");
  const Target target = *parse_target("host");
  EXPECT_FALSE(
      kernel_matches(task, schedules::initial_config(task, target), target, {.integers = false}));
}

}  // namespace
}  // namespace tenfold
