// Constants that kernels take as they take computed tensors: second operands that are neither one
// number nor one a channel, parts of a concatenation, batches of matrices, outputs.
#include "tests/graph/planned.h"

namespace tenfold::graph {
namespace {

TEST(PlanConstants, AreOperandsOfStages) {
  for (const char* op : {"add", "sub", "mul", "max", "rsub"}) {
    NetworkBuilder b;
    const TensorId x = b.conv(b.input({2, 3, 4, 5}), 5);
    const TensorId whole = b.stage(op, {x, b.constant({2, 5, 4, 5})});
    const TensorId by_row = b.stage(op, {whole, b.constant({1, 1, 4, 1})});
    b.output(b.relu(b.stage(op, {by_row, b.constant({1, 5, 1, 5})})));
    EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 1}}));
  }
}

TEST(PlanConstants, StandOnEitherSide) {
  NetworkBuilder b;
  const TensorId x = b.input({3, 7});
  b.output(b.node("sub", {b.constant({3, 7}), x}, {3, 7}));
  b.output(b.node("add", {b.constant({5, 3, 7}), b.reshape(x, {1, 3, 7})}, {5, 3, 7}));
  planned(b);
}

TEST(PlanConstants, AreConcatenated) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 3, 4, 5});
  const TensorId all =
      b.concat({b.constant({2, 2, 4, 5}), b.relu(b.conv(x, 6)), b.constant({2, 1, 4, 5})});
  b.output(b.conv(all, 4, {.kernel = 3, .pad = 1}));
  EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"conv2d", 2}, {"map", 2}}));
}

TEST(PlanConstants, AreBatchesOfMatrices) {
  for (const bool left : {false, true}) {
    NetworkBuilder b;
    const TensorId x = b.input({2, 3, 4, 4}), m = b.constant({1, 3, 4, 4});
    b.output(b.node("matmul", left ? std::vector{m, x} : std::vector{x, m}, {2, 3, 4, 4}));
    EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"matmul", 1}}));
  }
}

TEST(PlanConstants, ArePutOut) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 3, 4, 5});
  const TensorId anchors = b.constant({2, 3, 4, 5}), number = b.constant({});
  b.output(b.relu(x));
  b.output(anchors);
  b.output(number);
  b.output(b.stage("add", {b.node("map", {x}, {2, 3, 4, 5}), anchors}));
  EXPECT_EQ(planned(b).outputs.size(), 4u);
}

}  // namespace
}  // namespace tenfold::graph
