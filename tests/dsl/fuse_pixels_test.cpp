// Fused pixels: the same elements read and written, one long row.
#include "dsl/fuse_pixels.h"

#include <gtest/gtest.h>

#include "base/buffer_layout.h"
#include "dsl/op.h"

namespace tenfold::dsl {
namespace {

Task spec(const std::string& text) {
  const auto task = parse_op_spec(text);
  EXPECT_TRUE(task) << (task ? "" : task.error().message);
  return *task;
}

std::vector<float> output_of(const Task& task) {
  std::vector<std::vector<float>> inputs;
  std::vector<Array> constants;
  float next = 0;
  const auto fill = [&](std::span<float> values) {
    for (float& value : values) value = static_cast<float>(static_cast<int>(next++ * 7) % 11 - 5);
  };
  for (const View& view : task.inputs) fill(inputs.emplace_back(end_element(view)));
  for (const Param& param : params(task))
    fill(constants.emplace_back(DType::f32, param.dims).as<float>());
  std::vector<const float*> bases;
  for (const auto& input : inputs) bases.push_back(input.data());
  std::vector<float> output(end_element(task.outputs[0]), 77);
  float* out[] = {output.data()};
  EXPECT_TRUE(run_reference(task, bases, constants, out));
  return output;
}

void expect_fused(const std::string& text, const Dims& dims) {
  const Task task = spec(text), fused = with_fused_pixels(task);
  EXPECT_EQ(fused.outputs[0].dims, dims) << text;
  EXPECT_TRUE(check(fused)) << text;
  EXPECT_EQ(output_of(task), output_of(fused)) << text;
}

TEST(FusePixels, RowsAndImagesBecomeOneRow) {
  expect_fused("conv2d h=7 w=5 c=6 k=8 bias add relu", {1, 1, 35, 8});
  expect_fused("conv2d n=3 h=7 w=5 c=6 k=8 bias add relu", {1, 1, 105, 8});
  expect_fused("conv2d n=3 h=7 w=5 c=256 k=8 spaced", {1, 1, 105, 8});
  expect_fused("conv2d n=3 h=7 w=1 c=6 k=8", {1, 1, 21, 8});
}

TEST(FusePixels, RunsOfPixelsStayWithTheirOutput) {
  expect_fused("conv2d n=3 h=7 w=10 c=6 k=8 s=2 stride_w=2 bias", {1, 1, 105, 8});
  expect_fused("conv2d n=2 h=5 w=9 c=6 k=8 s=3 stride_w=3 input=nchw", {2, 1, 15, 8});
}

TEST(FusePixels, ImagesStayWhereTheyDoNotFollow) {
  expect_fused("conv2d n=2 h=7 w=5 c=6 k=8 gate", {2, 1, 35, 8});
  expect_fused("conv2d n=2 h=7 w=5 c=6 k=8 input=nchw", {2, 1, 35, 8});
}

TEST(FusePixels, OthersStayAsTheyAre) {
  for (const char* text : {"conv2d h=7 w=5 c=6 k=8 r=3 s=3 pad=1",
                           "conv2d h=8 w=6 c=6 k=8 stride=2", "conv2d h=8 w=6 c=6 k=8 pad=1",
                           "conv2d h=8 w=7 c=6 k=8 s=2 stride_w=2", "conv2d h=8 w=6 c=6 k=8 s=2"}) {
    const Task task = spec(text);
    EXPECT_EQ(with_fused_pixels(task), task) << text;
  }
  Task gaps = spec("conv2d h=7 w=5 c=6 k=8");
  gaps.outputs[0].strides = {7 * 50, 50, 8, 1};
  EXPECT_EQ(with_fused_pixels(gaps), gaps);
}

}  // namespace
}  // namespace tenfold::dsl
