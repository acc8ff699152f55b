// Plans of small networks, each with one of the structures that real ones are made of: right values
// under garbage memory, and no kernels that only move data where none are needed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/evaluate.h"
#include "graph/memory.h"
#include "graph/planner.h"
#include "tests/graph/network_builder.h"
#include "tests/graph/plan_checker.h"
#include "tests/graph/plan_interpreter.h"

namespace tenfold::graph {
namespace {

using Kinds = std::map<std::string, int>;

Kinds kinds_of(const Plan& plan) {
  Kinds kinds;
  for (const Step& step : plan.steps) ++kinds[step.task.op];
  return kinds;
}

void expect_same(const std::vector<Array>& got, const std::vector<Array>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].dims(), want[i].dims());
    double scale = 1;
    for (float value : want[i].as<float>())
      scale = std::max(scale, std::fabs(static_cast<double>(value)));
    for (int64_t e = 0; e < got[i].elements(); ++e)
      ASSERT_TRUE(std::fabs(got[i].as<float>()[e] - want[i].as<float>()[e]) <= 1e-6 * scale)
          << "output " << i << " element " << e << ": " << got[i].as<float>()[e] << ", expected "
          << want[i].as<float>()[e];
  }
}

Plan planned(NetworkBuilder& builder, const PlanOptions& options = {},
             const CostFunction& cost = estimated_seconds) {
  const Network network = builder.finish();
  auto made = make_plan(network, options, cost);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  if (!made) return {};
  const std::string fault = PlanChecker(*made).run();
  EXPECT_TRUE(fault.empty()) << fault << "\n" << describe(*made);
  EXPECT_GE(made->arena_bytes, arena_lower_bound(*made));

  const std::vector<Array> inputs = builder.inputs();
  const auto want = evaluate(network, inputs);
  EXPECT_TRUE(want);
  PlanInterpreter interpreter(*made);
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto got = interpreter.run(inputs);
    EXPECT_TRUE(got) << (got ? "" : got.error().message);
    if (got && want) expect_same(*got, *want);
  }
  return *std::move(made);
}

TEST(PlanNetworks, ChainFollowsItsConvolution) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 3, 9, 11});
  const TensorId first = b.relu(b.conv(x, 8, {.kernel = 3, .stride = 2, .pad = 1}));
  const TensorId second = b.conv(first, 8, {.kernel = 3, .pad = 1});
  b.output(b.relu(b.stage("add", {second, first})));
  const Plan plan = planned(b);
  EXPECT_EQ(kinds_of(plan), (Kinds{{"conv2d", 2}}));
  EXPECT_THAT(to_text(plan.steps[1].task), testing::HasSubstr("do=bias do=add@1 do=relu"));
  EXPECT_EQ(plan.steps[1].task.inputs[0].halo, (Halo{1, 1, 1, 1}));
  EXPECT_EQ(plan.steps[0].task.inputs[0].halo, Halo{}) << "the user's buffer has no halo";
}

TEST(PlanNetworks, LaterOperandTakesUpTheAddition) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({2, 5, 7, 7}));
  const TensorId shortcut = b.conv(x, 7, {.stride = 2});
  const TensorId main = b.conv(b.relu(b.conv(x, 4)), 7, {.kernel = 3, .stride = 2, .pad = 1});
  b.output(b.relu(b.stage("sub", {shortcut, main})));
  const Plan plan = planned(b);
  EXPECT_EQ(kinds_of(plan), (Kinds{{"conv2d", 3}, {"map", 1}}));
  EXPECT_THAT(to_text(plan.steps.back().task), testing::HasSubstr("do=rsub@1"));
}

TEST(PlanNetworks, InceptionBranchesWriteIntoTheConcatenation) {
  NetworkBuilder b;
  TensorId x = b.relu(b.conv(b.input({1, 3, 8, 8}), 6, {.kernel = 3, .pad = 1}));
  for (int block = 0; block < 2; ++block) {
    const TensorId one = b.relu(b.conv(x, 5));
    const TensorId three = b.relu(b.conv(b.relu(b.conv(x, 3)), 7, {.kernel = 3, .pad = 1}));
    const TensorId pool = b.relu(b.conv(b.pool("max_pool2d", x, 3, 1, 1), 4));
    x = b.concat({one, three, pool});
  }
  b.output(b.pool("max_pool2d", x, 2, 2, 0));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 9}, {"max_pool2d", 3}}));
}

TEST(PlanNetworks, DenseBlockGrowsOneRoot) {
  for (const bool on_load : {false, true}) {
    NetworkBuilder b;
    std::vector<TensorId> features{b.pool("max_pool2d", b.input({1, 4, 12, 12}), 2, 2, 0)};
    for (int layer = 0; layer < 3; ++layer) {
      const TensorId all = b.concat(features);
      const TensorId scaled =
          b.stage("scale_shift", {all, b.constant({b.dims(all)[1]}), b.constant({b.dims(all)[1]})});
      const TensorId narrow = b.relu(b.conv(b.relu(scaled), 4));
      features.push_back(b.conv(narrow, 2, {.kernel = 3, .pad = 1, .bias = false}));
    }
    b.output(b.global_pool(b.concat(features)));
    const Plan plan = planned(b, {}, [&](const Task& task) {
      return task.prologue.empty() ? 1.0 : on_load ? 1.5 : 3.0;
    });
    Kinds want{{"max_pool2d", 1}, {"conv2d", 6}, {"global_avg_pool", 1}};
    if (!on_load) want["map"] = 3;
    EXPECT_EQ(kinds_of(plan), want);
    int home = plan.steps[0].outputs[0].root;
    EXPECT_EQ(plan.steps.back().inputs[0].root, home) << "all features lie in one root";
  }
}

TEST(PlanNetworks, NestedConcatenationsAndSharedInputs) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 4, 6, 6});
  const TensorId a = b.conv(x, 3), c = b.conv(x, 5), d = b.conv(x, 2);
  const TensorId inner = b.concat({a, c});
  const TensorId outer = b.concat({inner, d, x});  // x is the user's: it must be copied
  const TensorId other = b.concat({c, a, c});      // claimed already: copied
  b.output(b.conv(outer, 4, {.kernel = 3, .pad = 1}));
  b.output(b.conv(other, 4, {.kernel = 3, .pad = 1}));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 5}, {"map", 4}}));
}

TEST(PlanNetworks, ConcatenationsAlongOtherAxes) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 4, 5, 6});
  const TensorId rows = b.concat({b.conv(x, 3), b.conv(x, 3)}, 2);
  const TensorId columns = b.concat({rows, b.conv(rows, 3)}, 3);
  const TensorId images = b.concat({columns, b.relu(columns)}, 0);
  b.output(b.conv(images, 2, {.kernel = 3, .pad = 1}));
  planned(b);
}

TEST(PlanNetworks, SlicesAreViews) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 3, 8, 10}), 12, {.kernel = 3, .pad = 1});
  const std::vector<TensorId> halves{b.slice(x, {0, 0, 0, 0}, {1, 5, 8, 10}),
                                     b.slice(x, {0, 5, 0, 0}, {1, 7, 8, 10})};
  const TensorId left = b.conv(halves[0], 4, {.kernel = 3, .pad = 1});
  const TensorId right = b.conv(halves[1], 4, {.kernel = 5, .pad = 2});
  const TensorId inside =
      b.conv(b.slice(x, {0, 2, 1, 3}, {1, 6, 6, 6}), 4, {.kernel = 3, .pad = 1});
  b.output(b.stage("add", {left, right}));
  b.output(inside);
  b.output(b.slice(x, {0, 1, 0, 0}, {1, 4, 8, 10}));
  const Plan plan = planned(b);
  EXPECT_EQ(kinds_of(plan), (Kinds{{"conv2d", 4}, {"map", 1}}));
}

TEST(PlanNetworks, SlicesWithStepsAreCopied) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 3, 8, 10});
  std::vector<TensorId> parts;
  for (int64_t row = 0; row < 2; ++row)
    for (int64_t column = 0; column < 2; ++column)
      parts.push_back(b.slice(x, {0, 0, row, column}, {1, 3, 4, 5}, {1, 1, 2, 2}));
  b.output(b.conv(b.concat(parts), 4, {.kernel = 3, .pad = 1}));
  b.output(b.slice(b.conv(x, 7), {0, 1, 0, 0}, {1, 3, 8, 10}, {1, 2, 1, 1}));
  planned(b);
}

TEST(PlanNetworks, GatesApplyOnLoadOrApart) {
  for (const bool on_load : {false, true}) {
    NetworkBuilder b;
    const TensorId x =
        b.relu(b.conv(b.input({1, 3, 8, 8}), 6, {.kernel = 3, .stride = 2, .pad = 1, .groups = 3}));
    const TensorId squeezed = b.relu(b.conv(b.global_pool(x), 2));
    const TensorId gate = b.stage("hard_sigmoid", {b.conv(squeezed, 6)}, {0.25, 0.5});
    b.output(b.conv(b.stage("mul", {x, gate}), 5, {.kernel = 3, .pad = 1}));
    const Plan plan = planned(b, {}, [&](const Task& task) {
      return task.prologue.empty() ? 1.0 : on_load ? 1.5 : 3.0;
    });
    Kinds want{{"conv2d", 4}, {"global_avg_pool", 1}};
    if (!on_load) want["map"] = 1;
    EXPECT_EQ(kinds_of(plan), want);
  }
}

TEST(PlanNetworks, PyramidsReadSmallMapsThroughRepeats) {
  for (const bool joined : {false, true})
    for (const bool centred : {false, true}) {
      NetworkBuilder b;
      const TensorId x = b.relu(b.conv(b.input({2, 3, 12, 16}), 6));
      const TensorId gate = b.stage("sigmoid", {b.global_pool(x)});
      const TensorId fine = b.stage("add", {b.stage("mul", {x, gate}), x});
      const TensorId small = b.conv(x, 6, {.kernel = 3, .stride = 2, .pad = 1});
      const TensorId large = b.node("resize2d", {small}, {2, 6, 12, 16},
                                    {{"mode", int64_t{0}},
                                     {"coordinate", int64_t{centred ? 0 : 1}},
                                     {"nearest", int64_t{centred ? 0 : 2}},
                                     {"scale_h", 2.0},
                                     {"scale_w", 2.0}});
      b.output(b.conv(b.relu(b.stage("sub", {fine, large})), 4, {.kernel = 3, .pad = 1}));
      const Plan plan = planned(b, {}, [&](const Task& task) {
        return task.outputs[0].dims.size() == 6 ? (joined ? 1.5 : 3) : 1.0;
      });
      Kinds want{{"conv2d", 3}, {"global_avg_pool", 1}, {"map", 1}};
      if (!joined) want["resize2d"] = 1;
      EXPECT_EQ(kinds_of(plan), want);
    }
}

TEST(PlanNetworks, LinearConvolutionsBecomeOneWhereThatSaves) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 5, 7, 7});
  b.output(b.conv(b.conv(x, 20), 4));                  // one of 5 to 4
  b.output(b.conv(b.conv(x, 2, {.bias = false}), 7));  // a bottleneck stays
  b.output(b.conv(b.conv(x, 9, {.kernel = 3, .stride = 2, .pad = 1}), 8, {.bias = false}));
  const Plan plan = planned(b);
  EXPECT_EQ(kinds_of(plan), (Kinds{{"conv2d", 4}}));
}

TEST(PlanNetworks, FlattenIsTakenUpByTheGemm) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({2, 3, 6, 6}), 5, {.kernel = 3});
  const TensorId flat = b.reshape(b.relu(x), {2, 5 * 16});
  b.output(b.relu(b.gemm(b.relu(b.gemm(flat, 7)), 3)));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 1}, {"gemm", 2}}));
}

TEST(PlanNetworks, PooledFeaturesNeedNoCopy) {
  NetworkBuilder b;
  const TensorId pooled = b.global_pool(b.conv(b.input({3, 3, 6, 6}), 5));
  b.output(b.gemm(b.reshape(pooled, {3, 5}), 4));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 1}, {"gemm", 1}, {"global_avg_pool", 1}}));
}

TEST(PlanNetworks, OutputsAreWrittenThroughReshapesAndTransposes) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 3, 6, 7});
  b.output(b.reshape(b.conv(x, 5), {5, 42}));
  b.output(b.transpose(b.relu(b.conv(x, 4)), {0, 2, 3, 1}));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 2}}));
}

TEST(PlanNetworks, OutputsThatAreReadOrRepeatedAreCopied) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 3, 6, 7});
  const TensorId y = b.conv(x, 5);
  const TensorId z = b.conv(y, 5, {.kernel = 3, .pad = 1});
  b.output(y);
  b.output(z);
  b.output(z);
  b.output(x);
  const Plan plan = planned(b);
  EXPECT_EQ(kinds_of(plan), (Kinds{{"conv2d", 2}, {"map", 3}}));
  EXPECT_EQ(plan.outputs[0].name, "conv2d0");
}

TEST(PlanNetworks, ReshapesOfFeatureMapsAreCopiedRight) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({2, 3, 4, 6}), 5);
  const TensorId tokens = b.transpose(b.reshape(x, {2, 5, 24}), {0, 2, 1});
  b.output(b.relu(tokens));
  b.output(b.conv(b.reshape(b.relu(b.conv(x, 6)), {2, 4, 9, 4}), 3, {.kernel = 3, .pad = 1}));
  b.output(b.relu(b.reshape(b.relu(x), {10, 24})));
  planned(b);
}

TEST(PlanNetworks, TokensAndMatrices) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 3, 4, 6}), 8);
  const TensorId tokens = b.transpose(b.reshape(x, {1, 8, 24}), {0, 2, 1});
  const TensorId normal =
      b.node("layer_norm", {b.reshape(tokens, {24, 8}), b.constant({8}), b.constant({8})}, {24, 8},
             {{"axis", int64_t{1}}, {"epsilon", 1e-5}});
  const TensorId heads = b.transpose(b.reshape(normal, {1, 24, 2, 4}), {0, 2, 1, 3});
  const TensorId scores =
      b.node("matmul", {heads, b.transpose(heads, {0, 1, 3, 2})}, {1, 2, 24, 24});
  const TensorId shares = b.node("softmax", {b.stage("affine", {scores}, {0.5, 0})}, {1, 2, 24, 24},
                                 {{"axis", int64_t{3}}});
  const TensorId mixed =
      b.transpose(b.node("matmul", {shares, heads}, {1, 2, 24, 4}), {0, 2, 1, 3});
  const TensorId back =
      b.reshape(b.transpose(b.reshape(mixed, {1, 24, 8}), {0, 2, 1}), {1, 8, 4, 6});
  b.output(b.conv(b.stage("add", {back, x}), 5, {.kernel = 3, .pad = 1}));
  planned(b);
}

TEST(PlanNetworks, AttributesCountDimensionsInViewOrder) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.conv(b.input({2, 3, 4, 6}), 5));
  const auto reduced = [&](int64_t axes, Dims dims) {
    b.output(b.node("reduce", {x}, std::move(dims), {{"kind", int64_t{0}}, {"axes", axes}}));
  };
  reduced(0b0010, {2, 1, 4, 6});
  reduced(0b1000, {2, 5, 4, 1});
  reduced(0b0101, {1, 5, 1, 6});
  for (int64_t axis : {1, 2, 3}) b.output(b.node("softmax", {x}, b.dims(x), {{"axis", axis}}));
  const NetworkBuilder::Attrs pads{
      {"begin0", int64_t{0}}, {"end0", int64_t{0}}, {"begin1", int64_t{1}}, {"end1", int64_t{2}},
      {"begin2", int64_t{3}}, {"end2", int64_t{0}}, {"begin3", int64_t{0}}, {"end3", int64_t{4}},
      {"mode", int64_t{0}},   {"value", 7.0}};
  b.output(b.node("pad", {x}, {2, 8, 7, 10}, pads));
  b.output(b.conv(b.transpose(x, {0, 2, 1, 3}), 3, {.kernel = 3, .pad = 1}));
  planned(b);
}

TEST(PlanNetworks, ReshapeWithoutACommonCut) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 3, 4, 6}), 6);
  b.output(b.conv(b.reshape(x, {1, 9, 4, 4}), 5, {.kernel = 3, .pad = 1}));
  planned(b);
}

TEST(PlanNetworks, ShufflesVanishIntoWeights) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 4, 6, 6}), 6, {.groups = 2});
  const TensorId shuffled = b.node("channel_shuffle", {x}, b.dims(x), {{"groups", int64_t{3}}});
  const TensorId deep =
      b.relu(b.conv(shuffled, 6, {.kernel = 3, .stride = 2, .pad = 1, .groups = 6}));
  b.output(b.stage("add", {b.conv(deep, 5), b.conv(shuffled, 5, {.stride = 2})}));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 4}}));
}

TEST(PlanNetworks, ShufflesThatNothingAbsorbsStandAlone) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 4, 6, 6}), 6, {.groups = 2});
  const TensorId shuffled = b.node("channel_shuffle", {x}, b.dims(x), {{"groups", int64_t{3}}});
  b.output(b.conv(shuffled, 4, {.groups = 2}));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 2}, {"gather_channels", 1}}));
}

TEST(PlanNetworks, ShuffledHalvesAreReadInPairs) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.conv(b.input({2, 3, 5, 7}), 6, {.kernel = 3, .pad = 1}));
  TensorId pass = b.conv(x, 6), deep = x;
  for (int unit = 0; unit < 3; ++unit) {
    deep = b.relu(b.conv(deep, 6));
    deep = b.relu(b.conv(b.conv(deep, 6, {.kernel = 3, .pad = 1, .groups = 6}), 6));
    const TensorId all = b.concat({pass, deep});
    const TensorId shuffled =
        b.node("channel_shuffle", {all}, b.dims(all), {{"groups", int64_t{2}}});
    pass = b.slice(shuffled, {0, 0, 0, 0}, {2, 6, 5, 7});
    deep = b.slice(shuffled, {0, 6, 0, 0}, {2, 6, 5, 7});
  }
  b.output(b.concat({pass, b.relu(b.conv(deep, 6))}));
  // One copy a unit, of the half that passes by.
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 12}, {"transpose", 3}}));
}

TEST(PlanNetworks, WideDilationsMaskInsteadOfHalo) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.conv(b.input({1, 3, 8, 8}), 256));
  std::vector<TensorId> branches;
  for (int64_t rate : {1, 12, 18})
    branches.push_back(b.conv(x, 3, {.kernel = 3, .dilation = rate, .pad = rate}));
  b.output(b.conv(b.concat(branches), 2));
  const Plan plan = planned(b);
  EXPECT_EQ(plan.steps[1].task.inputs[0].halo, (Halo{1, 1, 1, 1}));
  EXPECT_EQ(plan.steps[2].task.inputs[0].halo, Halo{});
}

TEST(PlanNetworks, DevicesGetWholeOffsets) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.conv(b.input({1, 3, 9, 11}), 8, {.kernel = 3, .pad = 1}));
  b.output(b.conv(b.slice(x, {0, 4, 0, 0}, {1, 4, 9, 11}), 8, {.kernel = 3, .pad = 1}));
  const Plan plan = planned(b, {.device = DeviceKind::opencl});
  for (const Step& step : plan.steps)
    for (const Operand& operand : step.inputs) EXPECT_EQ(operand.base_bytes, 0);
  NetworkBuilder c;
  const Plan host = planned(b);
  EXPECT_EQ(host.steps[1].inputs[0].base_bytes % 64, 0);
}

TEST(PlanNetworks, PlansAreDeterministic) {
  const auto text = [] {
    NetworkBuilder b;
    const TensorId x = b.relu(b.conv(b.input({1, 3, 9, 11}), 8, {.kernel = 3, .pad = 1}));
    b.output(b.concat({b.conv(x, 4), b.conv(x, 4), x}));
    return describe(*make_plan(b.finish(), {}));
  };
  EXPECT_EQ(text(), text());
}

TEST(PlanNetworks, RefusalsNameTheNode) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 3, 4, 4}), 5);
  b.output(b.stage("add", {x, b.constant({1, 5, 4, 4})}));
  const auto plan = make_plan(b.finish(), {});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::unsupported);
  EXPECT_THAT(plan.error().message, testing::HasSubstr("add1"));
}

}  // namespace
}  // namespace tenfold::graph
