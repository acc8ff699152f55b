#include "graph/fold_pads.h"

#include "pass_check.h"

namespace tenfold::graph {
namespace {

TensorId padded(NetworkBuilder& b, TensorId x, int64_t channels = 0, double value = 0,
                int64_t mode = 0) {
  const Dims in = b.dims(x);
  return b.node("pad", {x}, {in[0], in[1] + channels, in[2] + 1, in[3] + 3},
                {{"begin1", channels},
                 {"begin2", int64_t{1}},
                 {"begin3", int64_t{1}},
                 {"end3", int64_t{2}},
                 {"mode", mode},
                 {"value", value}});
}

TEST(FoldPads, IntoConvolutions) {
  NetworkBuilder b;
  const TensorId x = padded(b, b.relu(b.input({2, 3, 6, 5})));
  b.output(b.conv(x, 4, {.kernel = 3, .stride = 2, .pad = 1}));
  b.output(b.conv(x, 4, {.kernel = 1}));
  const Network after = expect_pass(b, {fold_pads}, {"relu", "conv2d", "conv2d"});
  EXPECT_EQ(after.nodes[1].attr_int("pad_right", 0), 3);
  EXPECT_EQ(after.nodes[1].attr_int("pad_bottom", 0), 1);
}

TEST(FoldPads, AveragesCountThePadding) {
  NetworkBuilder b;
  b.output(b.pool("avg_pool2d", padded(b, b.relu(b.input({2, 3, 6, 5}))), 3, 2, 0));
  expect_pass(b, {fold_pads}, {"relu", "avg_pool2d"});
  NetworkBuilder own;  // its own pads are not counted, the others would have to be
  own.output(own.pool("avg_pool2d", padded(own, own.relu(own.input({2, 3, 6, 5}))), 3, 2, 1));
  expect_pass(own, {fold_pads}, {"relu", "pad", "avg_pool2d"});
}

TEST(FoldPads, OnlyWhatAWindowPadsWith) {
  NetworkBuilder channels;
  channels.output(channels.conv(padded(channels, channels.relu(channels.input({2, 3, 6, 5})), 1), 4,
                                {.kernel = 3}));
  expect_pass(channels, {fold_pads}, {"relu", "pad", "conv2d"});
  NetworkBuilder value;
  value.output(
      value.conv(padded(value, value.relu(value.input({2, 3, 6, 5})), 0, 1), 4, {.kernel = 3}));
  expect_pass(value, {fold_pads}, {"relu", "pad", "conv2d"});
  NetworkBuilder reflected;
  reflected.output(reflected.conv(
      padded(reflected, reflected.relu(reflected.input({2, 3, 6, 5})), 0, 0, 1), 4, {.kernel = 3}));
  expect_pass(reflected, {fold_pads}, {"relu", "pad", "conv2d"});
  NetworkBuilder zero;
  zero.output(zero.pool("max_pool2d", padded(zero, zero.input({2, 3, 6, 5})), 3, 2, 0));
  expect_pass(zero, {fold_pads}, {"pad", "max_pool2d"});
  NetworkBuilder lowest;
  lowest.output(lowest.pool("max_pool2d",
                            padded(lowest, lowest.input({2, 3, 6, 5}), 0, -3.4028234663852886e38),
                            3, 2, 0));
  expect_pass(lowest, {fold_pads}, {"max_pool2d"});
}

}  // namespace
}  // namespace tenfold::graph
