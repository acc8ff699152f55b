#include "graph/lift_stages.h"

#include "pass_check.h"

namespace tenfold::graph {
namespace {

TEST(LiftStages, FunctionsMoveBeforeReshapes) {
  NetworkBuilder b;
  TensorId x = b.conv(b.input({2, 3, 1, 9}), 4, {.kernel = 1});
  x = b.stage("clip", {b.relu(b.reshape(x, {2, 4, 9}))}, {0, 5});
  b.output(x);
  expect_pass(b, {lift_stages}, {"conv2d", "relu", "clip", "reshape"});
}

TEST(LiftStages, ChannelsOnlyWhereTheyRunTheSameWay) {
  NetworkBuilder same;  // {6, 5} and {2, 3, 5}: the last dim of both
  same.output(same.stage(
      "bias", {same.reshape(same.relu(same.input({6, 5})), {2, 3, 5}), same.constant({5})}));
  expect_pass(same, {lift_stages}, {"relu", "bias", "reshape"});
  NetworkBuilder image;  // {N, C} and {N, C, 1, 1}
  image.output(image.stage("scale", {image.reshape(image.relu(image.input({2, 5})), {2, 5, 1, 1}),
                                     image.constant({5})}));
  expect_pass(image, {lift_stages}, {"relu", "scale", "reshape"});
  NetworkBuilder other;
  other.output(other.stage(
      "bias", {other.reshape(other.relu(other.input({2, 15})), {2, 3, 5}), other.constant({5})}));
  expect_pass(other, {lift_stages}, {"relu", "reshape", "bias"});
}

// A product of matrices seen as an image whose channels are last: what is the same for all pixels
// there is the rows' own.
TEST(LiftStages, ConstantsAlongTheLastOfFourDims) {
  NetworkBuilder b;
  TensorId x =
      b.reshape(b.node("gemm", {b.input({12, 4}), b.constant({5, 4})}, {12, 5}), {1, 3, 4, 5});
  x = b.stage("add", {x, b.constant({1, 1, 1, 5})});
  x = b.stage("mul", {b.stage("gelu", {x}), b.constant({1, 1, 1, 5})});
  b.output(b.stage("rsub", {x, b.constant({1, 1, 1, 5})}));
  expect_pass(b, {lift_stages}, {"gemm", "bias", "gelu", "scale", "scale_shift", "reshape"});
  NetworkBuilder columns;
  columns.output(
      columns.stage("add", {columns.reshape(columns.relu(columns.input({3, 20})), {1, 3, 4, 5}),
                            columns.constant({1, 1, 1, 5})}));
  expect_pass(columns, {lift_stages}, {"relu", "reshape", "add"});
}

TEST(LiftStages, SumsOfEqualShapes) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({2, 12})), y = b.relu(b.input({2, 12}));
  b.output(b.stage("add", {b.reshape(x, {2, 3, 4}), b.reshape(y, {2, 3, 4})}));
  expect_pass(b, {lift_stages}, {"relu", "relu", "add", "reshape"});
  NetworkBuilder twice;
  const TensorId z = twice.reshape(twice.relu(twice.input({2, 12})), {2, 3, 4});
  twice.output(twice.stage("add", {z, z}));
  expect_pass(twice, {lift_stages}, {"relu", "reshape", "add"});
}

TEST(LiftStages, NotWhereTheReshapeIsReadElsewhere) {
  NetworkBuilder b;
  const TensorId x = b.reshape(b.relu(b.input({2, 12})), {2, 3, 4});
  b.output(b.stage("sigmoid", {x}));
  b.output(x);
  expect_pass(b, {lift_stages}, {"relu", "reshape", "sigmoid"});
}

}  // namespace
}  // namespace tenfold::graph
