#include "graph/recognise_norms.h"

#include "graph/simplify.h"
#include "pass_check.h"

namespace tenfold::graph {
namespace {

using Ops = std::vector<std::string>;

// (x - mean) / sqrt(variance + 0.5), as exporters spell it.
struct Chain {
  NetworkBuilder b;
  Dims dims;
  int64_t axes;

  TensorId mean(TensorId x) {
    Dims kept = dims;
    for (size_t d = 0; d < dims.size(); ++d)
      if (axes >> d & 1) kept[d] = 1;
    return b.node("reduce", {x}, kept, {{"kind", int64_t{1}}, {"axes", axes}});
  }
  TensorId centred(TensorId x) { return b.stage("sub", {x, mean(x)}); }
  TensorId deviation(TensorId difference) {
    const TensorId square = b.stage("pow", {difference}, {2});
    return b.stage("sqrt", {b.stage("affine", {mean(square)}, {1, 0.5})});
  }
  TensorId normalised(TensorId x) {
    const TensorId difference = centred(x);
    return b.stage("div", {difference, deviation(difference)});
  }
};

TEST(RecogniseNorms, OverTheLastDim) {
  Chain c{.b = NetworkBuilder(), .dims = {2, 5, 6}, .axes = 0b100};
  TensorId y = c.normalised(c.b.input(c.dims));
  y = c.b.stage("scale", {y, c.b.constant({6})});
  c.b.output(c.b.relu(c.b.stage("bias", {y, c.b.constant({6})})));
  const Network after =
      expect_pass(c.b, {recognise_norms}, {"reshape", "layer_norm", "reshape", "relu"});
  EXPECT_EQ(after.nodes[1].attr_float("epsilon", 0), 0.5);
}

// The constants of rank 4 run along the last dim, which is no channel of a feature map.
TEST(RecogniseNorms, OverTheLastOfFourDims) {
  Chain c{.b = NetworkBuilder(), .dims = {1, 3, 4, 6}, .axes = 0b1000};
  TensorId y = c.normalised(c.b.input(c.dims));
  y = c.b.stage("mul", {y, c.b.constant({1, 1, 1, 6})});
  c.b.output(c.b.stage("add", {y, c.b.constant({1, 1, 1, 6})}));
  expect_pass(c.b, {recognise_norms}, {"reshape", "layer_norm", "reshape"});
}

// With a mean of its own for each of the two differences, and 1 / sqrt as a factor.
TEST(RecogniseNorms, OverChannels) {
  Chain c{.b = NetworkBuilder(), .dims = {2, 6, 3, 4}, .axes = 0b10};
  const TensorId x = c.b.relu(c.b.input(c.dims));
  const TensorId inverse = c.b.stage("reciprocal", {c.deviation(c.centred(x))});
  const TensorId y = c.b.stage("mul", {c.centred(x), inverse});
  c.b.output(c.b.stage("scale_shift", {y, c.b.constant({6}), c.b.constant({6})}));
  expect_pass(c.b, {recognise_norms},
              {"relu", "transpose", "reshape", "layer_norm", "reshape", "transpose"});
}

TEST(RecogniseNorms, OverPixels) {
  Chain c{.b = NetworkBuilder(), .dims = {2, 3, 4, 5}, .axes = 0b1100};
  c.b.output(c.b.stage("bias", {c.normalised(c.b.input(c.dims)), c.b.constant({3})}));
  expect_pass(c.b, {recognise_norms}, {"instance_norm"});
}

TEST(RecogniseNorms, OfGroups) {
  for (const int64_t groups : {1, 2, 6}) {
    NetworkBuilder b;
    const TensorId x = b.reshape(b.input({2, 6, 4, 5}), {2, groups, 1, 120 / groups});
    const TensorId y = b.node("instance_norm", {x, b.constant({groups}), b.constant({groups})},
                              b.dims(x), {{"epsilon", 0.5}});
    TensorId z = b.reshape(y, {2, 6, 4, 5});
    z = b.stage("scale", {z, b.constant({6})});
    b.output(b.relu(b.stage("bias", {z, b.constant({6})})));
    expect_pass(b, {recognise_norms}, {groups < 6 ? "group_norm" : "instance_norm", "relu"});
  }
}

// Neither whole channels, nor back to the same map.
TEST(RecogniseNorms, OfOtherReshapesStay) {
  for (const bool channels : {false, true}) {
    NetworkBuilder b;
    const TensorId x =
        b.reshape(b.input({2, 6, 4, 5}), channels ? Dims{2, 4, 5, 6} : Dims{2, 3, 5, 8});
    const int64_t groups = b.dims(x)[1];
    const TensorId y = b.node("instance_norm", {x, b.constant({groups}), b.constant({groups})},
                              b.dims(x), {{"epsilon", 0.5}});
    b.output(b.reshape(y, channels ? Dims{2, 6, 4, 5} : Dims{2, 6, 20}));
    expect_pass(b, {recognise_norms}, {"reshape", "instance_norm", "reshape"});
  }
}

TEST(RecogniseNorms, OthersStay) {
  Chain rows{
      .b = NetworkBuilder(), .dims = {2, 5, 6}, .axes = 0b10};  // neither the last dim nor a map's
  rows.b.output(rows.normalised(rows.b.input(rows.dims)));
  const Ops spelled{"reduce", "sub", "pow", "reduce", "affine", "sqrt", "div"};
  expect_pass(rows.b, {recognise_norms}, spelled);

  Chain cube{.b = NetworkBuilder(), .dims = {5, 6}, .axes = 0b10};
  const TensorId difference = cube.centred(cube.b.input(cube.dims));
  const TensorId third = cube.b.stage("pow", {difference}, {4});
  cube.b.output(cube.b.stage("div", {difference, cube.b.stage("sqrt", {cube.mean(third)})}));
  expect_pass(cube.b, {recognise_norms}, {"reduce", "sub", "pow", "reduce", "sqrt", "div"});

  Chain twice{
      .b = NetworkBuilder(), .dims = {5, 6}, .axes = 0b10};  // the difference of another tensor
  const TensorId x = twice.b.input(twice.dims);
  twice.b.output(
      twice.b.stage("div", {twice.centred(twice.b.relu(x)), twice.deviation(twice.centred(x))}));
  expect_pass(twice.b, {recognise_norms},
              {"relu", "reduce", "sub", "reduce", "sub", "pow", "reduce", "affine", "sqrt", "div"});
}

// What reads a step in the middle still finds it.
TEST(RecogniseNorms, StepsThatAreReadElsewhereRemain) {
  Chain c{.b = NetworkBuilder(), .dims = {5, 6}, .axes = 0b10};
  const TensorId difference = c.centred(c.b.input(c.dims));
  const TensorId y = c.b.stage("div", {difference, c.deviation(difference)});
  c.b.output(difference);
  c.b.output(c.b.stage("scale", {y, c.b.constant({6})}));
  c.b.output(y);
  expect_pass(c.b, {recognise_norms, simplify}, {"reduce", "sub", "layer_norm", "scale"});
}

// A scale of one number would be spread over 2^34, which no file holds.
TEST(RecogniseNorms, NotOverMoreThanAModelMaySpread) {
  Chain c{.b = NetworkBuilder(), .dims = {1, int64_t{1} << 34}, .axes = 0b10};
  c.b.output(c.normalised(c.b.input(c.dims)));
  Network network = c.b.finish();
  const std::vector<std::string> before = ops_in_order(network);
  ASSERT_TRUE(recognise_norms(network));
  EXPECT_EQ(ops_in_order(network), before);
}

}  // namespace
}  // namespace tenfold::graph
