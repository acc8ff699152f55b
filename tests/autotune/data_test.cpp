#include "autotune/data.h"

#include <bit>
#include <cmath>

#include "base/buffer_layout.h"
#include "base/runner_protocol.h"
#include "dsl/op.h"
#include "tests/autotune/support.h"

namespace tenfold::autotune {
namespace {

/// A 3x3 convolution that reads a haloed slice of a wider root, and writes into a slice of another
/// one.
Task framed_task() {
  Task task = *dsl::parse_op_spec("conv2d n=2 h=4 w=3 c=5 k=6 r=3 s=3 pad=1 relu");
  View& in = task.inputs[0];
  in.halo = {1, 1, 1, 1};
  in.strides = {6 * 5 * 8, 5 * 8, 8, 1};
  in.offset = 5 * 8 + 8 + 2;
  View& out = task.outputs[0];
  out.strides = {4 * 3 * 10, 3 * 10, 10, 1};
  out.offset = 3;
  return task;
}

TEST(Data, IsDeterministicInItsSeed) {
  const Task task = framed_task();
  const auto bits = [&](uint64_t seed) {
    const auto data = make_task_data(task, seed);
    EXPECT_TRUE(data) << data.error().message;
    std::vector<uint32_t> all;
    for (const auto* arrays : {&data->inputs, &data->params, &data->expected})
      for (const Array& array : *arrays)
        for (const float value : array.as<float>()) all.push_back(std::bit_cast<uint32_t>(value));
    return all;
  };
  EXPECT_TRUE(bits(1) == bits(1));
  EXPECT_FALSE(bits(1) == bits(2));
}

TEST(Data, HaloIsZeroGapsAreNotNumbersAndOutputsAreMarked) {
  const Task task = framed_task();
  const auto data = make_task_data(task, 1);
  ASSERT_TRUE(data) << data.error().message;
  const View& in = task.inputs[0];
  ASSERT_EQ(data->inputs[0].elements(), end_element(in));
  const auto x = data->inputs[0].as<float>();
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t y = -1; y <= 4; ++y)
      for (int64_t xx = -1; xx <= 3; ++xx)
        for (int64_t c = -2; c < 6; ++c) {
          const int64_t at =
              in.offset + n * in.strides[0] + y * in.strides[1] + xx * in.strides[2] + c;
          if (at < 0 || at >= end_element(in)) continue;
          const bool inside = y >= 0 && y < 4 && xx >= 0 && xx < 3;
          if (c < 0 || c >= 5)
            EXPECT_TRUE(std::isnan(x[at])) << at;
          else if (inside)
            EXPECT_TRUE(std::abs(x[at]) >= 1.0f / 16 && std::abs(x[at]) <= 1) << at;
          else
            EXPECT_EQ(x[at], 0) << at;
        }

  const auto expected = data->expected[0].as<float>();
  for (int64_t at = 0; at < static_cast<int64_t>(expected.size()); ++at) {
    const int64_t channel = (at - 3) % 10;
    if (at >= 3 && channel < 6)
      EXPECT_TRUE(expected[at] >= 0) << at;
    else
      EXPECT_EQ(std::bit_cast<uint32_t>(expected[at]), runner_protocol::untouched_bits) << at;
  }
}

TEST(Data, SumsOfALinearTaskAreExactInFloat) {
  const Task task = *dsl::parse_op_spec("conv2d n=1 h=5 w=5 c=64 k=8 r=3 s=3");
  const auto data = make_task_data(task, 7);
  ASSERT_TRUE(data);
  const auto x = data->inputs[0].as<float>(), w = data->params[0].as<float>(),
             y = data->expected[0].as<float>();
  for (int64_t k = 0; k < 8; ++k) {
    float sum = 0;  // backwards, so in another order than any kernel's
    for (int64_t c = 64; c-- > 0;)
      for (int64_t r = 3; r-- > 0;)
        for (int64_t s = 3; s-- > 0;)
          sum += x[(r * 5 + s) * 64 + c] * w[((k * 64 + c) * 3 + r) * 3 + s];
    EXPECT_EQ(sum, y[k]);
  }
}

TEST(Data, FunctionsWithADomainGetValuesInIt) {
  Task task;
  task.op = "map";
  task.inputs = {dense_view(DType::f32, {1, 4, 4, 8}), dense_view(DType::f32, {1, 4, 4, 8})};
  task.outputs = {task.inputs[0]};
  task.epilogue = {{"div", {}, 1}, {"sqrt", {}, -1}, {"log", {}, -1}};
  const auto data = make_task_data(task, 1);
  EXPECT_TRUE(data) << data.error().message;
}

TEST(Data, RefusesWhatItCanNotMake) {
  Task task = framed_task();
  task.inputs[0].type = DType::i8;
  EXPECT_FALSE(make_task_data(task, 1));
  Task poles;
  poles.op = "map";
  poles.inputs = poles.outputs = {dense_view(DType::f32, {1, 2, 2, 4})};
  poles.epilogue = {{"neg", {}, -1}, {"log", {}, -1}};
  const auto data = make_task_data(poles, 1);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, ErrorCode::failed);
}

TEST(Data, FindsTheInputThatAnOutputMayShare) {
  Task sum;
  sum.op = "map";
  const View same = dense_view(DType::f32, {1, 4, 4, 8});
  View other = same;
  other.offset = 4;
  sum.inputs = {other, same};
  sum.epilogue = {{"add", {}, 1}};
  sum.outputs = {same};
  EXPECT_EQ(shared_input(sum, 0), 1);
  sum.inputs[1] = other;
  EXPECT_EQ(shared_input(sum, 0), -1);
  EXPECT_EQ(shared_input(*dsl::parse_op_spec("conv2d n=1 h=4 w=4 c=8 k=8 r=3 s=3 pad=1"), 0), -1);
  // Every element of a product's second matrix is read for many of the output's.
  EXPECT_EQ(shared_input(*dsl::parse_op_spec("matmul m=8 n=8 k=8"), 0), -1);
}

TEST(Data, TellsWhereAnElementLies) {
  const View view = framed_task().outputs[0];
  EXPECT_EQ(coordinates_text(view, 3), "[0,0,0,0]");
  EXPECT_EQ(coordinates_text(view, 3 + 120 + 2 * 30 + 10 + 5), "[1,2,1,5]");
  EXPECT_EQ(coordinates_text(view, 3 + 6), "outside");
  EXPECT_EQ(coordinates_text(view, 0), "outside");
  EXPECT_EQ(coordinates_text(nchw_view(DType::f32, 1, 4, 5, 3), 2 * 20 + 7), "[0,1,2,2]");
}

}  // namespace
}  // namespace tenfold::autotune
