#include "graph/fold_weights.h"

#include "pass_check.h"

namespace tenfold::graph {
namespace {

constexpr double rounding = 1e-5;  // weights are rounded to float32 once more

TEST(MergeAffines, OneNodeForAChain) {
  NetworkBuilder b;
  TensorId x = b.input({2, 5, 3, 4});
  x = b.stage("affine", {x}, {0.5, -2});
  x = b.stage("bias", {x, b.constant({5})});
  x = b.stage("scale", {x, b.constant({5})});
  x = b.stage("neg", {x});
  x = b.stage("scale_shift", {x, b.constant({5}), b.constant({5})});
  b.output(x);
  expect_pass(b, {merge_affines}, {"scale_shift"});
}

TEST(MergeAffines, NotOverATensorThatSomethingElseReads) {
  NetworkBuilder b;
  const TensorId x = b.stage("affine", {b.input({2, 3})}, {2, 1});
  b.output(b.stage("mul", {x, b.stage("affine", {x}, {3, 1})}));
  expect_pass(b, {merge_affines}, {"affine", "affine", "mul"});
  NetworkBuilder output;
  const TensorId y = output.stage("affine", {output.input({2, 3})}, {2, 1});
  output.output(y);
  output.output(output.stage("affine", {y}, {3, 1}));
  expect_pass(output, {merge_affines}, {"affine", "affine"});
}

TEST(FoldAffineAfter, ConvolutionsOfAllKinds) {
  for (int64_t groups : {1, 2, 3}) {
    NetworkBuilder b;
    TensorId x =
        b.conv(b.input({2, 6, 7, 5}), 12,
               {.kernel = 3, .stride = 2, .pad = 1, .groups = groups, .bias = groups != 2});
    b.output(b.stage("scale_shift", {x, b.constant({12}), b.constant({12})}));
    expect_pass(b, {fold_affine_after}, {"conv2d"}, rounding);
  }
  for (int64_t groups : {1, 2}) {
    NetworkBuilder b;
    const TensorId x = b.input({2, 4, 3, 5});
    const TensorId y =
        b.node("conv_transpose2d", {x, b.constant({4, 3, 2, 2})}, {2, 3 * groups, 6, 10},
               {{"kernel_h", int64_t{2}},
                {"kernel_w", int64_t{2}},
                {"stride_h", int64_t{2}},
                {"stride_w", int64_t{2}},
                {"groups", groups}});
    b.output(b.stage("scale_shift", {y, b.constant({3 * groups}), b.constant({3 * groups})}));
    expect_pass(b, {fold_affine_after}, {"conv_transpose2d"}, rounding);
  }
  NetworkBuilder b;
  b.output(b.stage("affine", {b.stage("bias", {b.gemm(b.input({3, 7}), 5), b.constant({5})})},
                   {0.25, 3}));
  expect_pass(b, {fold_affine_after}, {"gemm"}, rounding);
}

TEST(FoldAffineAfter, DeformableConvolutionWithAndWithoutMask) {
  for (bool masked : {false, true}) {
    NetworkBuilder b;
    std::vector<TensorId> inputs{b.input({1, 3, 5, 5}), b.input({1, 18, 3, 3})};
    if (masked) inputs.push_back(b.input({1, 9, 3, 3}));
    inputs.push_back(b.constant({4, 3, 3, 3}));
    const TensorId y = b.node("deform_conv2d", inputs, {1, 4, 3, 3},
                              {{"kernel_h", int64_t{3}}, {"kernel_w", int64_t{3}}});
    b.output(b.stage("scale_shift", {y, b.constant({4}), b.constant({4})}));
    expect_pass(b, {fold_affine_after}, {"deform_conv2d"}, rounding);
  }
}

TEST(FoldAffineAfter, NotWhereTheResultIsReadTwice) {
  NetworkBuilder b;
  const TensorId x = b.conv(b.input({1, 3, 4, 4}), 5);
  b.output(b.stage("add", {b.stage("affine", {x}, {2, 1}), x}));
  expect_pass(b, {fold_affine_after}, {"conv2d", "affine", "add"});
}

TEST(FoldAffineAfter, NotOutOfFloatRange) {
  NetworkBuilder b;
  b.output(b.stage("affine", {b.stage("affine", {b.conv(b.input({1, 3, 4, 4}), 5)}, {3e38, 0})},
                   {1e-38, 0}));
  const Network before = b.finish();
  Network after = before;
  ASSERT_TRUE(fold_affine_after(after));
  EXPECT_EQ(ops_in_order(after), (std::vector<std::string>{"conv2d", "affine", "affine"}));
}

TEST(FoldAffineBefore, OnlyScalingsPassPadding) {
  for (int64_t groups : {1, 3}) {
    NetworkBuilder scale;
    const TensorId x = scale.stage("scale", {scale.input({2, 6, 5, 5}), scale.constant({6})});
    scale.output(scale.conv(x, 9, {.kernel = 3, .pad = 1, .groups = groups}));
    expect_pass(scale, {fold_affine_before}, {"conv2d"}, rounding);

    NetworkBuilder shift;
    const TensorId y = shift.stage(
        "scale_shift", {shift.input({2, 6, 5, 5}), shift.constant({6}), shift.constant({6})});
    shift.output(shift.conv(y, 9, {.kernel = 3, .groups = groups, .bias = false}));
    expect_pass(shift, {fold_affine_before}, {"conv2d"}, rounding);
  }
  NetworkBuilder padded;
  const TensorId x = padded.stage("bias", {padded.input({2, 6, 5, 5}), padded.constant({6})});
  padded.output(padded.conv(x, 9, {.kernel = 3, .pad = 1}));
  expect_pass(padded, {fold_affine_before}, {"bias", "conv2d"});
  NetworkBuilder product;
  product.output(product.gemm(
      product.stage("scale_shift",
                    {product.input({3, 7}), product.constant({7}), product.constant({7})}),
      5));
  expect_pass(product, {fold_affine_before}, {"gemm"}, rounding);
}

}  // namespace
}  // namespace tenfold::graph
