// Depthwise and pointwise convolutions in one kernel: where that is a candidate, and that it means
// the same.
#include "tests/graph/planned.h"

namespace tenfold::graph {
namespace {

CostFunction prefer_fused(bool fused) {
  return [fused](const Task& task) {
    const bool several = task.op == "inverted_residual" || task.op == "depthwise_pointwise";
    return several ? (fused ? 1.5 : 9.0) : 1.0;
  };
}

TensorId relu6(NetworkBuilder& b, TensorId x) {
  return b.stage("clip", {x}, {0.0, 6.0});
}

/// x -> expand -> depthwise -> project; `channels` on both sides, four times as many within.
TensorId block(NetworkBuilder& b, TensorId x, int64_t channels, int64_t stride) {
  const TensorId expanded = relu6(b, b.conv(x, 4 * channels));
  const TensorId filtered =
      relu6(b, b.conv(expanded, 4 * channels,
                      {.kernel = 3, .stride = stride, .pad = 1, .groups = 4 * channels}));
  return b.conv(filtered, channels);
}

TEST(FusedBlocks, InvertedResidualsAreOneKernelWhereThatIsCheaper) {
  for (const bool fused : {false, true}) {
    NetworkBuilder b;
    TensorId x = relu6(b, b.conv(b.input({1, 3, 51, 53}), 13, {.kernel = 3, .pad = 1}));
    x = b.stage("add", {block(b, x, 13, 1), x});
    b.output(block(b, x, 13, 2));
    const Plan plan = planned(b, {}, prefer_fused(fused));
    EXPECT_EQ(kinds_of(plan),
              fused ? (Kinds{{"conv2d", 1}, {"inverted_residual", 2}}) : (Kinds{{"conv2d", 7}}));
    if (!fused) continue;
    EXPECT_THAT(
        to_text(plan.steps[1].task),
        testing::HasSubstr("mid0=bias mid0=clip(0,6) mid1=bias mid1=clip(0,6) do=bias do=add@1"));
  }
}

TEST(FusedBlocks, SeparableConvolutionsAreTwoInOne) {
  for (const bool fused : {false, true}) {
    NetworkBuilder b;
    const TensorId x = b.pool("max_pool2d", b.input({2, 24, 49, 61}), 3, 1, 1);
    const TensorId filtered = b.conv(x, 24, {.kernel = 5, .pad = 2, .groups = 24, .bias = false});
    b.output(b.relu(b.conv(filtered, 10)));
    EXPECT_EQ(kinds_of(planned(b, {}, prefer_fused(fused))),
              fused ? (Kinds{{"max_pool2d", 1}, {"depthwise_pointwise", 1}})
                    : (Kinds{{"max_pool2d", 1}, {"conv2d", 2}}));
  }
}

// MobileNetV1's rows: each pointwise convolution may expand for the next two, or end a pair.
TEST(FusedBlocks, PairsCompeteWithBlocks) {
  const auto prefer = [](const char* op) {
    return [op](const Task& task) {
      return task.op == op ? 1.5 : task.op == "conv2d" || task.op == "max_pool2d" ? 1.0 : 9.0;
    };
  };
  for (const char* op : {"depthwise_pointwise", "inverted_residual"}) {
    NetworkBuilder b;
    TensorId x = b.pool("max_pool2d", b.input({1, 24, 81, 79}), 3, 1, 1);
    for (int i = 0; i < 2; ++i) {
      x = b.relu(b.conv(x, 24, {.kernel = 3, .pad = 1, .groups = 24}));
      x = b.relu(b.conv(x, 24));
    }
    b.output(x);
    const Kinds kinds = kinds_of(planned(b, {}, prefer(op)));
    EXPECT_EQ(kinds, op == std::string("depthwise_pointwise")
                         ? (Kinds{{"max_pool2d", 1}, {op, 2}})
                         : (Kinds{{"max_pool2d", 1}, {"conv2d", 1}, {op, 1}}));
  }
}

Kinds fused_kinds(NetworkBuilder& b) {
  return kinds_of(planned(b, {}, prefer_fused(true)));
}

TEST(FusedBlocks, WhatOthersReadIsMade) {
  NetworkBuilder b;
  const TensorId x = b.pool("max_pool2d", b.input({1, 40, 61, 59}), 3, 1, 1);
  const TensorId filtered = b.relu(b.conv(x, 40, {.kernel = 3, .pad = 1, .groups = 40}));
  b.output(b.conv(filtered, 5));
  b.output(b.pool("max_pool2d", filtered, 2, 2, 0));
  EXPECT_EQ(fused_kinds(b), (Kinds{{"conv2d", 2}, {"max_pool2d", 2}}));
}

TEST(FusedBlocks, AnOperandBetweenKeepsThemApart) {
  NetworkBuilder b;
  const TensorId x = b.pool("max_pool2d", b.input({1, 40, 61, 59}), 3, 1, 1);
  const TensorId filtered = b.conv(x, 40, {.kernel = 3, .pad = 1, .groups = 40});
  b.output(b.conv(b.stage("add", {filtered, x}), 5));
  EXPECT_EQ(fused_kinds(b), (Kinds{{"max_pool2d", 1}, {"conv2d", 2}}));
}

TEST(FusedBlocks, AGateBetweenKeepsThemApart) {
  NetworkBuilder b;
  const TensorId x = b.pool("max_pool2d", b.input({1, 40, 61, 59}), 3, 1, 1);
  const TensorId filtered = b.relu(b.conv(x, 40, {.kernel = 3, .pad = 1, .groups = 40}));
  const TensorId gate = b.stage("sigmoid", {b.conv(b.global_pool(filtered), 40)});
  b.output(b.conv(b.stage("mul", {filtered, gate}), 5));
  EXPECT_FALSE(fused_kinds(b).contains("depthwise_pointwise"));
}

TEST(FusedBlocks, SmallMapsAndDevicesHaveNoSuchCandidate) {
  const auto network = [](int64_t size) {
    NetworkBuilder b;
    const TensorId x = b.pool("max_pool2d", b.input({1, 40, size, size}), 3, 1, 1);
    b.output(b.conv(b.relu(b.conv(x, 40, {.kernel = 3, .pad = 1, .groups = 40})), 5));
    return b.finish();
  };
  const auto candidates = [](const Network& network, DeviceKind device) {
    PlanOptions options;
    options.device = device;
    return candidate_tasks(network, options)->size();
  };
  EXPECT_EQ(candidates(network(64), DeviceKind::cpu), 4u);
  EXPECT_EQ(candidates(network(14), DeviceKind::cpu), 3u);
  EXPECT_EQ(candidates(network(64), DeviceKind::opencl), 3u);
}

}  // namespace
}  // namespace tenfold::graph
