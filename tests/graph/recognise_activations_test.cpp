#include "graph/recognise_activations.h"

#include "graph/fold_weights.h"
#include "graph/simplify.h"
#include "pass_check.h"

namespace tenfold::graph {
namespace {

const std::initializer_list<Status (*)(Network&)> all = {recognise_activations, merge_affines,
                                                         simplify};

TEST(RecogniseActivations, HardSwishInItsSpellings) {
  for (int spelling = 0; spelling < 5; ++spelling) {
    NetworkBuilder b;
    const TensorId x = b.relu(b.input({2, 40}));
    const TensorId gate = b.stage("clip", {b.stage("affine", {x}, {1, 3})}, {0, 6});
    TensorId y = no_tensor;
    if (spelling == 0) y = b.stage("affine", {b.stage("mul", {x, gate})}, {1.0 / 6, 0});
    if (spelling == 1) y = b.stage("mul", {b.stage("affine", {gate}, {0.16666667, 0}), x});
    if (spelling == 2) y = b.stage("mul", {b.stage("affine", {x}, {1.0 / 6, 0}), gate});
    if (spelling == 3) y = b.stage("mul", {x, b.stage("hard_sigmoid", {x}, {1.0 / 6, 0.5})});
    if (spelling == 4)
      y = b.stage("mul", {x, b.stage("clip", {b.stage("affine", {x}, {1.0 / 6, 0.5})}, {0, 1})});
    b.output(y);
    expect_pass(b, all, {"relu", "hard_swish"}, 1e-6);
  }
}

TEST(RecogniseActivations, WhatIsLeftOfTheFactorFollows) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 40});
  b.output(b.stage("mul", {x, b.stage("clip", {b.stage("affine", {x}, {1, 3})}, {0, 6})}));
  const Network after = expect_pass(b, all, {"hard_swish", "affine"});
  EXPECT_NEAR(after.nodes[1].attr_floats("values", {})[0], 6, 1e-9);
}

TEST(RecogniseActivations, LookAlikesStay) {
  NetworkBuilder slope;  // x * clip(x + 2, 0, 6)
  TensorId x = slope.input({2, 40});
  slope.output(
      slope.stage("mul", {x, slope.stage("clip", {slope.stage("affine", {x}, {1, 2})}, {0, 6})}));
  expect_pass(slope, all, {"affine", "clip", "mul"});
  NetworkBuilder other;  // the gate is another tensor's
  x = other.input({2, 40});
  other.output(other.stage("mul", {x, other.stage("sigmoid", {other.relu(x)})}));
  expect_pass(other, all, {"relu", "sigmoid", "mul"});
  NetworkBuilder broadcast;  // Squeeze-and-Excitation: the gate is smaller than x
  x = broadcast.input({1, 4, 3, 3});
  const TensorId pooled = broadcast.global_pool(x);
  broadcast.output(broadcast.stage("mul", {x, broadcast.stage("sigmoid", {pooled})}));
  expect_pass(broadcast, all, {"global_avg_pool", "sigmoid", "mul"});
  NetworkBuilder shifted;  // x * sigmoid(x + 1)
  x = shifted.input({2, 40});
  shifted.output(
      shifted.stage("mul", {x, shifted.stage("sigmoid", {shifted.stage("affine", {x}, {1, 1})})}));
  expect_pass(shifted, all, {"affine", "sigmoid", "mul"});
}

TEST(RecogniseActivations, HardSigmoid) {
  NetworkBuilder b;
  b.output(b.stage("affine",
                   {b.stage("clip", {b.stage("affine", {b.input({2, 40})}, {2, 3})}, {-1, 4})},
                   {0.2, 0.2}));
  const Network after = expect_pass(b, all, {"hard_sigmoid"});
  EXPECT_NEAR(after.nodes[0].attr_floats("values", {})[0], 0.4, 1e-9);
  EXPECT_NEAR(after.nodes[0].attr_floats("values", {})[1], 0.8, 1e-9);
}

TEST(RecogniseActivations, GeluWithItsConstantsAnywhere) {
  for (int spelling = 0; spelling < 4; ++spelling) {
    NetworkBuilder b;
    const TensorId x = b.input({2, 40});
    const TensorId e = b.stage("erf", {b.stage("affine", {x}, {0.70710678, 0})});
    TensorId y = no_tensor;
    if (spelling == 0)
      y = b.stage("affine", {b.stage("mul", {x, b.stage("affine", {e}, {1, 1})})}, {0.5, 0});
    if (spelling == 1)
      y = b.stage("mul", {b.stage("affine", {x}, {0.5, 0}), b.stage("affine", {e}, {1, 1})});
    if (spelling == 2) y = b.stage("mul", {b.stage("affine", {e}, {0.5, 0.5}), x});
    if (spelling == 3)
      y = b.stage("mul", {b.stage("affine", {b.stage("affine", {e}, {1, 1})}, {0.5, 0}), x});
    b.output(y);
    expect_pass(b, all, {"gelu"});
  }
}

TEST(RecogniseActivations, GeluTanhFromAFactoredPolynomial) {
  NetworkBuilder b;  // 0.5 x (1 + tanh(0.79788456 x (1 + 0.044715 x x)))
  const TensorId x = b.input({2, 40});
  const TensorId inner =
      b.stage("mul", {b.stage("affine", {x}, {0.79788456, 0}),
                      b.stage("affine", {b.stage("pow", {x}, {2})}, {0.044715, 1})});
  b.output(b.stage("mul", {b.stage("affine", {x}, {0.5, 0}),
                           b.stage("affine", {b.stage("tanh", {inner})}, {1, 1})}));
  expect_pass(b, all, {"gelu_tanh"});
}

TEST(RecogniseActivations, MishFromLogarithmAndExponential) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 40});
  const TensorId soft = b.stage("log", {b.stage("affine", {b.stage("exp", {x})}, {1, 1})});
  b.output(b.stage("mul", {x, b.stage("tanh", {soft})}));
  expect_pass(b, all, {"mish"});
}

}  // namespace
}  // namespace tenfold::graph
