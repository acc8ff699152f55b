#include "base/task.h"

#include <gtest/gtest.h>

#include "base/buffer_layout.h"
#include "base/packing.h"

namespace tenfold {
namespace {

Task example() {
  Task task;
  task.op = "conv2d";
  task.attrs = {{"kernel_h", 3}, {"kernel_w", 3}, {"pad_top", 1}, {"groups", 1}};
  View in = dense_view(DType::f32, {1, 56, 56, 64});
  in.halo = {1, 1, 1, 1};
  in.strides = {58 * 58 * 80, 58 * 80, 80, 1};
  in.offset = 58 * 80 + 80 + 4;
  task.inputs = {in, dense_view(DType::f32, {1, 56, 56, 24})};
  task.outputs = {nchw_view(DType::f32, 1, 56, 56, 24)};
  task.prologue = {{"relu", {}, -1}};
  task.epilogue = {{"bias", {}, -1}, {"add", {}, 1}, {"clip", {0, 0.1}, -1}};
  return task;
}

TEST(TaskText, ReadsBackWhatItPrints) {
  const Task task = example();
  const Result<Task> back = parse_task(to_text(task));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, task);
  EXPECT_EQ(to_text(*back), to_text(task));
}

TEST(TaskText, ReadsBackInnerChains) {
  Task task = example();
  task.inner = {{}, {{"bias", {}, -1}, {"clip", {0, 6}, -1}}};
  const Result<Task> back = parse_task(to_text(task));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, task);
  EXPECT_NE(to_text(task).find(" mid1=bias mid1=clip(0,6) do=bias"), std::string::npos);
}

TEST(TaskText, RejectsWhatIsNoTask) {
  for (const char* text : {"", "a b", "conv2d x", "conv2d pad=z", "conv2d in=f32:1x2", "conv2d do=clip(1",
                           "conv2d do=@0", "conv2d in=f32:-1:1:0:0,0,0,0", "conv2d do=add@-3"})
    EXPECT_FALSE(parse_task(text)) << text;
}

TEST(ConfigText, ReadsBackWhatItPrints) {
  const Config config{"direct", {{"lanes", 8}, {"xt", -7}}};
  const Result<Config> back = parse_config(to_text(config));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, config);
  EXPECT_FALSE(parse_config("direct lanes=x"));
  EXPECT_FALSE(parse_config("lanes=1"));
}

TEST(BufferDims, PutsElementZeroAtTheOffset) {
  const View view = example().inputs[0];
  const auto dims = buffer_dims(view);
  ASSERT_TRUE(dims);
  int64_t origin = 0;
  for (const BufferDim& dim : *dims) origin -= dim.min * dim.stride;
  EXPECT_EQ(origin, view.offset);
  EXPECT_EQ((*dims)[1].min, -1);
  EXPECT_EQ((*dims)[1].extent, 58);
}

TEST(Packing, BlocksPadsAndTransforms) {
  Packing packing{.source = {3, 2}, .transforms = {}, .axes = {{0, 2, 2}, {1, 1, 2}, {0, 1, 2}}};
  const std::vector<float> source{1, 2, 3, 4, 5, 6};
  Result<Array> packed = pack(packing, source);
  ASSERT_TRUE(packed);
  const auto values = packed->as<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{1, 3, 2, 4, 5, 0, 6, 0}));

  packing.transforms = {{0, 1, 3, {1, 1, 1}}};
  packing.axes = {{0, 1, 1}, {1, 1, 2}};
  packed = pack(packing, source);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->as<float>()[0], 9);
  EXPECT_EQ(packed->as<float>()[1], 12);
  EXPECT_FALSE(pack(packing, std::vector<float>(5)));
}

TEST(Volume, RefusesWhatOverflows) {
  EXPECT_FALSE(volume({int64_t{1} << 40, int64_t{1} << 40}));
  EXPECT_FALSE(volume({1, -1}));
  EXPECT_EQ(*volume({0, int64_t{1} << 40}), 0);
}

}  // namespace
}  // namespace tenfold
