// Plans of what is only another view of memory, or a copy where no view will do: slices, reshapes,
// transposes, outputs.
#include "tests/graph/planned.h"

namespace tenfold::graph {
namespace {

TEST(PlanViews, ConcatenationsAlongOtherAxes) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 4, 5, 6});
  const TensorId rows = b.concat({b.conv(x, 3), b.conv(x, 3)}, 2);
  const TensorId columns = b.concat({rows, b.conv(rows, 3)}, 3);
  const TensorId images = b.concat({columns, b.relu(columns)}, 0);
  b.output(b.conv(images, 2, {.kernel = 3, .pad = 1}));
  planned(b);
}

TEST(PlanViews, SlicesAreViews) {
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

TEST(PlanViews, SlicesWithStepsAreCopied) {
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

TEST(PlanViews, FlattenIsTakenUpByTheGemm) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({2, 3, 6, 6}), 5, {.kernel = 3});
  const TensorId flat = b.reshape(b.relu(x), {2, 5 * 16});
  b.output(b.relu(b.gemm(b.relu(b.gemm(flat, 7)), 3)));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 1}, {"gemm", 2}}));
}

TEST(PlanViews, PooledFeaturesNeedNoCopy) {
  NetworkBuilder b;
  const TensorId pooled = b.global_pool(b.conv(b.input({3, 3, 6, 6}), 5));
  b.output(b.gemm(b.reshape(pooled, {3, 5}), 4));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 1}, {"gemm", 1}, {"global_avg_pool", 1}}));
}

TEST(PlanViews, OutputsAreWrittenThroughReshapesAndTransposes) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 3, 6, 7});
  b.output(b.reshape(b.conv(x, 5), {5, 42}));
  b.output(b.transpose(b.relu(b.conv(x, 4)), {0, 2, 3, 1}));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 2}}));
}

TEST(PlanViews, OutputsThatAreReadOrRepeatedAreCopied) {
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

TEST(PlanViews, ReshapesOfFeatureMapsAreCopiedRight) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({2, 3, 4, 6}), 5);
  const TensorId tokens = b.transpose(b.reshape(x, {2, 5, 24}), {0, 2, 1});
  b.output(b.relu(tokens));
  b.output(b.conv(b.reshape(b.relu(b.conv(x, 6)), {2, 4, 9, 4}), 3, {.kernel = 3, .pad = 1}));
  b.output(b.relu(b.reshape(b.relu(x), {10, 24})));
  planned(b);
}

TEST(PlanViews, TokensAndMatrices) {
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

TEST(PlanViews, AttributesCountDimensionsInViewOrder) {
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

TEST(PlanViews, ReshapeWithoutACommonCut) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 3, 4, 6}), 6);
  b.output(b.conv(b.reshape(x, {1, 9, 4, 4}), 5, {.kernel = 3, .pad = 1}));
  planned(b);
}

}  // namespace
}  // namespace tenfold::graph
