#include "graph/simplify.h"

#include "pass_check.h"

namespace tenfold::graph {
namespace {

TEST(Simplify, RemovesWhatComputesNothing) {
  NetworkBuilder b;
  TensorId x = b.input({2, 3, 4, 5});
  x = b.node("map", {x}, {2, 3, 4, 5});
  x = b.relu(x);
  x = b.reshape(x, {2, 3, 4, 5});
  x = b.slice(x, {0, 0, 0, 0}, {2, 3, 4, 5});
  x = b.concat({x});
  x = b.transpose(x, {0, 1, 2, 3});
  x = b.stage("affine", {x}, {1, 0});
  x = b.node("channel_shuffle", {x}, {2, 3, 4, 5}, {{"groups", int64_t{3}}});
  b.output(b.relu(x));
  expect_pass(b, {simplify}, {"relu"});
}

TEST(Simplify, JoinsChainsOfOneKind) {
  NetworkBuilder b;
  TensorId x = b.input({2, 3, 4, 5});
  x = b.transpose(b.transpose(x, {0, 2, 3, 1}), {0, 2, 1, 3});
  x = b.reshape(b.reshape(x, {2, 5, 12}), {10, 12});
  b.output(x);
  expect_pass(b, {simplify}, {"transpose", "reshape"});
  NetworkBuilder back;
  x = back.input({2, 3, 4, 5});
  x = back.relu(back.transpose(back.transpose(back.relu(x), {0, 2, 3, 1}), {0, 3, 1, 2}));
  back.output(x);
  expect_pass(back, {simplify}, {"relu"});
}

TEST(Simplify, JoinsClipsInTheirOrder) {
  const double most = 3.4028234663852886e38;
  struct Clips {
    std::vector<double> first, second, joined;
  };
  for (const Clips& clips :
       {Clips{{-2, 1}, {-1, 2}, {-1, 1}}, {{1, 2}, {-1, 0}, {0, 0}}, {{-2, -1}, {0, 1}, {0, 0}}}) {
    NetworkBuilder b;
    b.output(b.stage("clip", {b.stage("clip", {b.input({2, 30})}, clips.first)}, clips.second));
    const Network after = expect_pass(b, {simplify}, {"clip"});
    EXPECT_EQ(after.nodes[0].attr_floats("values", {}), clips.joined);
  }
  NetworkBuilder b;
  b.output(b.stage("clip", {b.relu(b.input({2, 30}))}, {-1, most}));
  expect_pass(b, {simplify}, {"relu"});
}

TEST(Simplify, TransposeOfOnesIsAReshape) {
  NetworkBuilder b;
  b.output(b.transpose(b.input({2, 1, 4, 1}), {0, 2, 1, 3}));
  expect_pass(b, {simplify}, {"reshape"});
}

TEST(Simplify, InputsThatAreOutputsStayMaps) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 3});
  b.output(b.reshape(x, {2, 3}));
  const TensorId y = b.relu(x);
  b.output(y);
  b.output(b.node("map", {y}, {2, 3}));
  expect_pass(b, {simplify}, {"map", "relu", "map"});
}

TEST(Simplify, OutputsKeepTheirNames) {
  NetworkBuilder b;
  const TensorId y = b.reshape(b.relu(b.input({2, 3})), {2, 3});
  b.output(y);
  const Network after = expect_pass(b, {simplify}, {"relu"});
  EXPECT_EQ(after.nodes[0].outputs[0], y);
}

}  // namespace
}  // namespace tenfold::graph
