// Plans of small networks, each with one of the structures that real ones are made of: right values
// under garbage memory, and no kernels that only move data where none are needed.
#include "tests/graph/planned.h"

namespace tenfold::graph {
namespace {

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
    Kinds want{{"conv2d", 2}, {"squeeze_excite", 1}};
    if (!on_load) want["map"] = 1;
    EXPECT_EQ(kinds_of(plan), want);
  }
}

TEST(PlanNetworks, SumsOverwriteWhatNothingReadsAgain) {
  NetworkBuilder b;
  TensorId x = b.relu(b.conv(b.input({2, 3, 9, 7}), 8, {.kernel = 3, .pad = 1}));
  for (int block = 0; block < 3; ++block) {
    const TensorId deep = b.relu(b.conv(x, 8, {.kernel = 3, .pad = 1}));
    x = b.relu(b.stage("add", {b.conv(deep, 8), x}));
  }
  const TensorId gate = b.stage("sigmoid", {b.conv(b.global_pool(x), 8)});
  const TensorId gated = b.stage("mul", {x, gate});
  b.output(b.stage("sub", {b.conv(gated, 8, {.kernel = 3, .pad = 1}), gated}));
  const Plan plan =
      planned(b, {}, [](const Task& task) { return task.prologue.empty() ? 1.0 : 9.0; });
  const Step& last = plan.steps.back();
  EXPECT_EQ(plan.roots[last.outputs[0].root].home, Home::output) << "the user's buffer is apart";
  int in_place = 0;
  for (const Step& step : plan.steps)
    for (const Operand& input : step.inputs) in_place += input.root == step.outputs[0].root;
  EXPECT_EQ(in_place, 2) << "the additions between maps that both have a halo";
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

TEST(PlanNetworks, ShufflesVanishIntoWeights) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 4, 6, 6}), 6, {.groups = 2});
  const TensorId shuffled = b.node("channel_shuffle", {x}, b.dims(x), {{"groups", int64_t{3}}});
  const TensorId deep =
      b.relu(b.conv(shuffled, 6, {.kernel = 3, .stride = 2, .pad = 1, .groups = 6}));
  b.output(b.stage("add", {b.conv(deep, 5), b.conv(shuffled, 5, {.stride = 2})}));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 4}}));
}

// ShuffleNet's units: 1x1 convolutions of three groups, of channels that three does not divide
// again.
TEST(PlanNetworks, GroupedConvolutionsReadShuffled) {
  NetworkBuilder b;
  TensorId x = b.relu(b.conv(b.input({2, 6, 6, 5}), 24, {.groups = 3}));
  for (const int64_t stride : {1, 2}) {
    const TensorId narrow = b.relu(b.conv(x, 12, {.groups = 3}));
    const TensorId shuffled =
        b.node("channel_shuffle", {narrow}, b.dims(narrow), {{"groups", int64_t{3}}});
    const TensorId deep =
        b.conv(shuffled, 12, {.kernel = 3, .stride = stride, .pad = 1, .groups = 12});
    const TensorId wide = b.conv(deep, 24, {.groups = 3});
    x = stride == 1 ? b.relu(b.stage("add", {wide, x}))
                    : b.relu(b.concat({b.pool("avg_pool2d", x, 3, 2, 1), wide}));
  }
  b.output(b.global_pool(x));
  const Plan plan = planned(b);
  EXPECT_EQ(kinds_of(plan)["gather_channels"], 0);
  EXPECT_THAT(to_text(plan.steps[3].task), testing::HasSubstr("shuffle=3"));
}

// Interleaved group convolutions: a shuffle before each, the second undoing the first.
TEST(PlanNetworks, InterleavedGroupConvolutionsReadShuffledTwice) {
  NetworkBuilder b;
  TensorId x = b.conv(b.input({1, 6, 5, 7}), 12, {.kernel = 3, .pad = 1, .groups = 2});
  for (const int64_t groups : {6, 2, 6}) {
    x = b.node("channel_shuffle", {x}, b.dims(x), {{"groups", 12 / groups}});
    x = b.relu(b.conv(x, 12, {.groups = groups}));
  }
  b.output(b.conv(b.node("channel_shuffle", {x}, b.dims(x), {{"groups", int64_t{3}}}), 5));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 5}}));
}

TEST(PlanNetworks, ShufflesThatNothingAbsorbsStandAlone) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 4, 6, 6}), 6, {.groups = 2});
  const TensorId shuffled = b.node("channel_shuffle", {x}, b.dims(x), {{"groups", int64_t{3}}});
  b.output(b.stage("add", {b.conv(shuffled, 6, {.groups = 2}), shuffled}));
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
  b.output(b.node("max_pool2d", {x}, {1, 5, 4, 4}, {{"kernel_h", int64_t{9}}}));
  const auto plan = make_plan(b.finish(), {});
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, testing::HasSubstr("max_pool2d1"));
}

}  // namespace
}  // namespace tenfold::graph
