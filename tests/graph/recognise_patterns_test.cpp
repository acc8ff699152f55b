#include "graph/recognise_patterns.h"

#include "pass_check.h"

namespace tenfold::graph {
namespace {

TEST(RecogniseShuffles, WithAndWithoutJoinedPixels) {
  for (const Dims& tail : {Dims{3, 5}, Dims{15}}) {
    NetworkBuilder b;
    Dims split{2, 3, 4};
    split.insert(split.end(), tail.begin(), tail.end());
    std::vector<int64_t> perm{0, 2, 1, 3};
    if (tail.size() == 2) perm.push_back(4);
    const TensorId x = b.relu(b.input({2, 12, 3, 5}));
    b.output(b.reshape(b.transpose(b.reshape(x, split), perm), {2, 12, 3, 5}));
    const Network after = expect_pass(b, {recognise_channel_shuffles}, {"relu", "channel_shuffle"});
    EXPECT_EQ(after.nodes[1].attr_int("groups", 0), 3);
  }
}

TEST(RecogniseShuffles, OtherTransposesStay) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({2, 12, 3, 5}));
  b.output(b.reshape(b.transpose(b.reshape(x, {2, 3, 4, 3, 5}), {0, 2, 1, 4, 3}), {2, 12, 3, 5}));
  expect_pass(b, {recognise_channel_shuffles}, {"relu", "reshape", "transpose", "reshape"});
}

TEST(RecogniseGlobalPools, WholeImagesOnly) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 3, 4, 4});
  b.output(b.pool("avg_pool2d", x, 4, 1, 0));
  b.output(b.pool("max_pool2d", x, 4, 2, 0));
  b.output(b.pool("avg_pool2d", x, 3, 1, 0));
  b.output(b.pool("max_pool2d", x, 4, 1, 1));
  expect_pass(b, {recognise_global_pools},
              {"global_avg_pool", "global_max_pool", "avg_pool2d", "max_pool2d"});
}

}  // namespace
}  // namespace tenfold::graph
