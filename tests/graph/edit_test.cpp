#include "graph/edit.h"

#include "graph/convert.h"
#include "pass_check.h"

namespace tenfold::graph {
namespace {

TEST(SortNodes, KeepsTheOrderWhereItCan) {
  NetworkBuilder b;
  const TensorId x = b.input({1});
  const TensorId a = b.stage("relu", {x}), c = b.stage("tanh", {a}), d = b.stage("exp", {x});
  b.output(b.stage("add", {c, d}));
  Network network = b.finish();
  std::swap(network.nodes[0], network.nodes[3]);
  ASSERT_FALSE(sort_nodes(network));
  EXPECT_TRUE(check(network));
  EXPECT_EQ(ops_in_order(network), (std::vector<std::string>{"exp", "relu", "tanh", "add"}));
}

TEST(SortNodes, NamesANodeOnTheCycle) {
  NetworkBuilder b;
  const TensorId x = b.input({1});
  const TensorId a = b.stage("add", {x, x}), c = b.stage("tanh", {a});
  b.output(b.stage("exp", {c}));
  Network network = b.finish();
  network.nodes[0].inputs[1] = c;
  const std::optional<int> cyclic = sort_nodes(network);
  ASSERT_TRUE(cyclic);
  EXPECT_NE(network.nodes[*cyclic].op, "exp");
}

TEST(Check, FindsWhatAPassBroke) {
  NetworkBuilder b;
  const TensorId x = b.input({1});
  const TensorId y = b.relu(x);
  b.output(b.relu(y));
  Network late = b.finish();
  std::swap(late.nodes[0], late.nodes[1]);
  EXPECT_FALSE(check(late));
  Network twice = b.finish();
  twice.nodes[1].outputs[0] = y;
  EXPECT_FALSE(check(twice));
  Network absent = b.finish();
  absent.nodes[1].inputs[0] = 99;
  EXPECT_FALSE(check(absent));
}

TEST(Editor, InsertedNodesStandWhereTheyAreUsed) {
  NetworkBuilder b;
  const TensorId x = b.input({1});
  const TensorId y = b.relu(x);
  b.output(b.stage("tanh", {y}));
  b.output(b.stage("exp", {x}));
  Network network = b.finish();
  Editor editor(network);
  const TensorId made = editor.add_computed("made", {1});
  editor.insert(1, {"abs", "", {}, {y}, {made}});
  editor.set_inputs(1, {made});
  EXPECT_TRUE(editor.only_use(made));
  ASSERT_TRUE(editor.commit());
  EXPECT_EQ(ops_in_order(network), (std::vector<std::string>{"relu", "abs", "tanh", "exp"}));
}

TEST(Convert, HalfPrecision) {
  EXPECT_EQ(half_to_float(0x3c00), 1.0f);
  EXPECT_EQ(half_to_float(0x7bff), 65504.0f);
  EXPECT_EQ(half_to_float(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(half_to_float(0xfc00), -INFINITY);
  EXPECT_TRUE(std::isnan(half_to_float(0x7e00)));
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
}

}  // namespace
}  // namespace tenfold::graph
