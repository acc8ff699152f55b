// The gate of a Squeeze-and-Excitation block in one kernel: where that is a candidate, and that it
// means the same.
#include "tests/graph/planned.h"

namespace tenfold::graph {
namespace {

CostFunction prefer_gate(bool fused) {
  return
      [fused](const Task& task) { return task.op == "squeeze_excite" ? (fused ? 1.5 : 9.0) : 1.0; };
}

/// x times its gate, by 1x1 convolutions or fully connected layers.
TensorId gated(NetworkBuilder& b, TensorId x, bool connected) {
  const Dims dims = b.dims(x);
  TensorId gate = b.global_pool(x);
  if (connected) {
    gate = b.relu(b.gemm(b.reshape(gate, {dims[0], dims[1]}), 5));
    gate = b.reshape(b.stage("sigmoid", {b.gemm(gate, dims[1])}), {dims[0], dims[1], 1, 1});
  } else {
    gate = b.relu(b.conv(gate, 5));
    gate = b.stage("sigmoid", {b.conv(gate, dims[1])});
  }
  return b.stage("mul", {x, gate});
}

TEST(SqueezeExcite, GatesAreOneKernelWhereThatIsCheaper) {
  for (const bool connected : {false, true})
    for (const bool fused : {false, true})
      for (const int64_t batch : {1, 3}) {
        NetworkBuilder b;
        const TensorId x = b.relu(b.conv(b.input({batch, 3, 9, 7}), 13, {.kernel = 3, .pad = 1}));
        b.output(b.conv(gated(b, x, connected), 6));
        const Plan plan = planned(b, {}, prefer_gate(fused));
        EXPECT_EQ(kinds_of(plan).contains("squeeze_excite"), fused);
        if (!fused) continue;
        EXPECT_EQ(kinds_of(plan), (Kinds{{"conv2d", 2}, {"squeeze_excite", 1}}));
        EXPECT_THAT(to_text(plan.steps[1].task), testing::HasSubstr("squeeze_excite reduced=5 "));
        EXPECT_THAT(to_text(plan.steps[1].task),
                    testing::HasSubstr("mid0=bias mid0=relu do=bias do=sigmoid"));
      }
}

TEST(SqueezeExcite, WhatOthersReadIsMade) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.conv(b.input({1, 3, 9, 7}), 13));
  const TensorId mean = b.global_pool(x);
  b.output(b.conv(b.relu(b.conv(mean, 5)), 13));
  b.output(b.relu(mean));
  EXPECT_FALSE(kinds_of(planned(b, {}, prefer_gate(true))).contains("squeeze_excite"));
}

TEST(SqueezeExcite, AClassifierIsNone) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.conv(b.input({1, 3, 9, 7}), 13));
  b.output(b.conv(b.relu(b.conv(b.global_pool(x), 16)), 10));
  EXPECT_FALSE(kinds_of(planned(b, {}, prefer_gate(true))).contains("squeeze_excite"));
}

TEST(SqueezeExcite, LayersOfWholeMapsAreNone) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.conv(b.input({1, 3, 9, 7}), 13));
  b.output(b.conv(b.relu(b.conv(x, 5)), 13));
  b.output(b.conv(b.global_pool(x), 4));
  EXPECT_FALSE(kinds_of(planned(b, {}, prefer_gate(true))).contains("squeeze_excite"));
}

}  // namespace
}  // namespace tenfold::graph
