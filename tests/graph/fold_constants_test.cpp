#include "graph/fold_constants.h"

#include "pass_check.h"

namespace tenfold::graph {
namespace {

TEST(FoldConstants, SubgraphsWithoutInputs) {
  NetworkBuilder b;
  const TensorId c = b.stage("sigmoid", {b.transpose(b.constant({3, 2}), {1, 0})});
  b.output(b.stage("add", {b.input({2, 3}), c}));
  expect_pass(b, {fold_constants}, {"add"});
}

TEST(FoldConstants, RefusesHugeComputations) {
  NetworkBuilder b;
  const TensorId c = b.conv(b.constant({1, 128, 128, 128}), 64, {.kernel = 3});
  b.output(b.stage("add", {b.input({1, 64, 126, 126}), c}));
  Network network = b.finish();
  const Status status = fold_constants(network);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unsupported);
}

TEST(FoldConstants, OutputsMayBeConstant) {
  NetworkBuilder b;
  b.input({2, 3});
  b.output(b.relu(b.constant({2, 3})));
  Network network = b.finish();
  EXPECT_TRUE(fold_constants(network));
  EXPECT_TRUE(network.nodes.empty());
  EXPECT_TRUE(network.tensors[network.outputs[0]].constant);
}

}  // namespace
}  // namespace tenfold::graph
