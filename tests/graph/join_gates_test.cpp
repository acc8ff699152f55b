#include "graph/join_gates.h"

#include "pass_check.h"
#include "tests/graph/planned.h"

namespace tenfold::graph {
namespace {

struct Gates {
  TensorId x, channel, pixel;
};

Gates gates(NetworkBuilder& b, bool positive) {
  TensorId x = b.conv(b.input({2, 3, 5, 7}), 6, {.kernel = 3, .pad = 1});
  if (positive) x = b.relu(x);
  return {x, b.conv(b.global_pool(x), 6), b.conv(x, 1)};
}

TEST(JoinGates, SumsAndLargestOfTwoProducts) {
  for (const char* kind : {"add", "max"}) {
    NetworkBuilder b;
    const Gates g = gates(b, true);
    b.output(b.stage(kind, {b.stage("mul", {g.x, g.pixel}), b.stage("mul", {g.x, g.channel})}));
    expect_pass(b, {join_gates},
                {"conv2d", "relu", "global_avg_pool", "conv2d", "conv2d", kind, "mul"});
  }
}

TEST(JoinGates, TheLargestOfNegativeProductsStays) {
  NetworkBuilder b;
  const Gates g = gates(b, false);
  b.output(b.stage("max", {b.stage("mul", {g.x, g.channel}), b.stage("mul", {g.x, g.pixel})}));
  expect_pass(b, {join_gates},
              {"conv2d", "global_avg_pool", "conv2d", "conv2d", "mul", "mul", "max"});
}

TEST(JoinGates, ProductsWithOtherReadersStay) {
  NetworkBuilder b;
  const Gates g = gates(b, true);
  const TensorId product = b.stage("mul", {g.x, g.channel});
  b.output(b.stage("add", {product, b.stage("mul", {g.x, g.pixel})}));
  b.output(product);
  expect_pass(b, {join_gates},
              {"conv2d", "relu", "global_avg_pool", "conv2d", "conv2d", "mul", "mul", "add"});
}

TEST(JoinGates, OneKernelAppliesBoth) {
  NetworkBuilder b;
  const Gates g = gates(b, true);
  b.output(b.stage("add", {b.stage("mul", {g.x, g.channel}), b.stage("mul", {g.x, g.pixel})}));
  Network network = b.finish();
  ASSERT_TRUE(join_gates(network));
  const auto plan = make_plan(network, {});
  ASSERT_TRUE(plan);
  EXPECT_EQ(kinds_of(*plan), (Kinds{{"conv2d", 3}, {"global_avg_pool", 1}, {"map", 1}}));
  PlanInterpreter interpreter(*plan);
  const std::vector<Array> inputs = b.inputs();
  const auto got = interpreter.run(inputs), want = evaluate(b.finish(), inputs);
  ASSERT_TRUE(got && want);
  expect_same(*got, *want);
}

}  // namespace
}  // namespace tenfold::graph
