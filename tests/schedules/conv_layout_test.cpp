// Convolutions whose operands are boxes inside wider roots: slices with an offset, padded strides,
// halos on either side, in place, and the model's own NCHW.
#include <gtest/gtest.h>

#include <map>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

using testing_support::spaces_match;

/// A box of `dims` {N, H, W, C} inside a root of pixels `pixel` wide, `skip` channels in, with a
/// halo.
View box(const Dims& dims, int64_t pixel, int64_t skip, const Halo& halo) {
  const int64_t row = (dims[2] + halo.left + halo.right) * pixel + 8;
  View view{.type = DType::f32,
            .dims = dims,
            .strides = {(dims[1] + halo.top + halo.bottom) * row, row, pixel, 1}};
  view.halo = halo;
  view.offset = halo.top * row + halo.left * pixel + skip;
  return view;
}

Task spec(const std::string& text) {
  const auto task = dsl::parse_op_spec(text);
  EXPECT_TRUE(task) << (task ? "" : task.error().message);
  return *task;
}

class ConvLayout : public ::testing::Test {
 protected:
  const Target target_ = *parse_target("host");
  void expect_exact(const Task& task, int in_place = -1) {
    for (const bool asserts : {true, false})
      EXPECT_TRUE(spaces_match(task, target_, 2,
                               {.seed = 11, .asserts = asserts, .in_place_input = in_place}));
  }
};

TEST_F(ConvLayout, OutputIsASliceOfAConcatenation) {
  Task task = spec("conv2d n=2 h=6 w=7 c=8 k=16 r=3 s=3 pad=1 bias relu");
  task.outputs[0] = box(task.outputs[0].dims, 40, 20, {});
  expect_exact(task);
}

TEST_F(ConvLayout, OutputHasTheHaloOfItsConsumers) {
  Task task = spec("conv2d n=2 h=6 w=7 c=8 k=16 r=3 s=3 pad=1 bias relu");
  task.outputs[0] = box(task.outputs[0].dims, 16, 0, {2, 1, 3, 2});
  expect_exact(task);
}

TEST_F(ConvLayout, BothAreSlicesWithHalos) {
  Task task = spec("conv2d n=3 h=7 w=5 c=13 k=11 r=3 s=3 stride=2 pad=1 bias");
  task.inputs[0] = box(task.inputs[0].dims, 29, 5, {1, 1, 2, 1});
  task.outputs[0] = box(task.outputs[0].dims, 31, 7, {1, 2, 1, 0});
  expect_exact(task);
}

TEST_F(ConvLayout, AHaloTooNarrowForThePadsIsMasked) {
  Task task = spec("conv2d h=7 w=9 c=6 k=8 r=5 s=5 pad=2");
  task.inputs[0] = box(task.inputs[0].dims, 8, 0, {1, 1, 1, 1});
  expect_exact(task);
}

// 37 channels in blocks of four vectors of eight: the second block has one vector with five
// channels and three with none, whose stores must vanish.
TEST_F(ConvLayout, VectorsPastTheLastChannelStoreNothing) {
  Task task = spec("conv2d h=3 w=4 c=13 k=37 bias");
  task.outputs[0] = box(task.outputs[0].dims, 42, 4, {});
  for (const int64_t vectors : {2, 3, 4}) {
    Config config = (*schedules::find_space("direct"))->initial(task, target_);
    for (const auto& [axis, value] :
         std::map<std::string, int64_t>{{"lanes", 8}, {"kt", vectors}, {"xt", 2}, {"yt", 1}})
      config.values[axis] = value;
    EXPECT_TRUE(testing_support::kernel_matches(task, config, target_, {.seed = 12}));
  }
}

TEST_F(ConvLayout, ModelsOwnOrderOnBothSides) {
  expect_exact(spec("conv2d n=2 h=9 w=8 c=3 k=8 r=3 s=3 stride=2 pad=1 input=nchw bias relu"));
  expect_exact(spec("conv2d n=2 h=5 w=6 c=8 k=5 input=nchw output=nchw bias"));
}

TEST_F(ConvLayout, ResidualAddsInPlace) {
  for (const char* text :
       {"conv2d h=7 w=11 c=8 k=16 r=3 s=3 pad=1 halo bias add relu",
        "conv2d h=6 w=13 c=5 k=10 bias relu add", "conv2d h=1 w=45 c=5 k=16 bias relu add"})
    expect_exact(spec(text), 1);
}

TEST_F(ConvLayout, ResidualIsASliceToo) {
  Task task = spec("conv2d h=7 w=11 c=8 k=16 bias add relu");
  task.inputs[1] = box(task.inputs[1].dims, 48, 16, {1, 1, 1, 1});
  expect_exact(task);
}

}  // namespace
}  // namespace tenfold
