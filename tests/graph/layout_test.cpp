#include "graph/layout.h"

#include <gtest/gtest.h>

#include "tests/graph/network_builder.h"

namespace tenfold::graph {
namespace {

View map_of(int64_t channels, const Halo& halo = {}) {
  return feature_map_view(1, 10, 10, channels, halo, false, {});
}

TEST(Layout, PixelStrides) {
  EXPECT_EQ(map_of(3).strides[2], 3) << "rounding would add too much";
  EXPECT_EQ(map_of(24).strides[2], 24);
  EXPECT_EQ(map_of(58).strides[2], 64);
  EXPECT_EQ(map_of(64).strides[2], 64);
  EXPECT_EQ(map_of(256).strides[2], 272) << "1 KiB apart, pixels would share few cache sets";
  EXPECT_EQ(map_of(1280).strides[2], 1296);
  EXPECT_EQ(feature_map_view(1, 1, 1, 1280, {}, false, {}).strides[2], 1280) << "a single pixel";
  EXPECT_EQ(feature_map_view(1, 7, 7, 512, {}, true, {}).strides[2], 512) << "asked to be dense";
}

TEST(Layout, HalosShiftTheFirstPixelToALine) {
  const View map = map_of(24, {1, 2, 3, 1});
  EXPECT_EQ(map.strides[1], 24 * 13);
  EXPECT_EQ(map.strides[0], 24 * 13 * 14);
  EXPECT_EQ(map.offset % 16, 0);
  EXPECT_GE(map.offset, map.strides[1] + 2 * map.strides[2]);
}

struct Laid {
  Network network;
  Layout layout;
};

Laid laid(const Network& network) {
  auto layout = lay_out(network, find_uses(network), {});
  EXPECT_TRUE(layout);
  return {network, *std::move(layout)};
}

TEST(Layout, HaloIsTheMaximumOverReaders) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({1, 4, 8, 8}));
  b.output(b.conv(x, 4, {.kernel = 3, .pad = 1}));
  b.output(b.conv(x, 4, {.kernel = 5, .pad = 2}));
  b.output(b.pool("max_pool2d", x, 7, 1, 3));
  const Laid made = laid(b.finish());
  EXPECT_EQ(made.layout.places[x].view.halo, (Halo{2, 2, 2, 2})) << "pools mask";
}

TEST(Layout, TransposedConvolutionsWantZerosAround) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({1, 4, 8, 8}));
  b.output(b.node("conv_transpose2d", {x, b.constant({4, 3, 4, 4})}, {1, 3, 16, 16},
                  {{"kernel_h", int64_t{4}},
                   {"kernel_w", int64_t{4}},
                   {"stride_h", int64_t{2}},
                   {"stride_w", int64_t{2}},
                   {"pad_top", int64_t{1}},
                   {"pad_left", int64_t{1}},
                   {"pad_bottom", int64_t{1}},
                   {"pad_right", int64_t{1}}}));
  const Laid made = laid(b.finish());
  EXPECT_EQ(made.layout.places[x].view.halo, (Halo{1, 1, 1, 1}));
}

TEST(Layout, WhatFollowsAProductLiesAsItDoes) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({1, 2, 6, 4})), bias = b.relu(b.input({1, 2, 6, 6}));
  const TensorId scores = b.node("matmul", {x, b.transpose(x, {0, 1, 3, 2})}, {1, 2, 6, 6});
  const TensorId sum = b.stage("add", {scores, bias});
  const TensorId shares = b.node("softmax", {sum}, {1, 2, 6, 6}, {{"axis", int64_t{3}}});
  const TensorId convolved = b.stage("sigmoid", {scores});
  b.output(b.relu(shares));
  b.output(b.conv(convolved, 4, {.kernel = 3}));
  const Laid made = laid(b.finish());
  const Dims rows{72, 6, 1, 36};  // of {N, H, W, C}
  for (const TensorId tensor : {scores, sum, shares})
    EXPECT_EQ(made.layout.places[tensor].view.strides, rows);
  EXPECT_EQ(made.layout.places[convolved].view.strides[3], 1) << "a window wants channels together";
}

TEST(Layout, ConcatenationsMayNestDeeply) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 1, 1, 1});
  TensorId all = b.relu(x);
  const TensorId innermost = all;
  constexpr int depth = 50'000;
  for (int i = 0; i < depth; ++i) all = b.concat({all, b.relu(x)});
  b.output(b.relu(all));
  const Layout layout = laid(b.finish()).layout;
  EXPECT_EQ(layout.places[innermost].root, layout.places[all].root);
  EXPECT_EQ(layout.places[innermost].view.offset, layout.places[all].view.offset);
}

TEST(Layout, SlicesOfAConcatenationShareRootAndHalo) {
  NetworkBuilder b;
  const TensorId x = b.input({1, 4, 8, 8});
  const TensorId left = b.relu(b.conv(x, 16)), right = b.relu(b.conv(x, 8));
  const TensorId all = b.concat({left, right});
  b.output(b.conv(all, 4, {.kernel = 3, .pad = 1}));
  const Layout layout = laid(b.finish()).layout;
  EXPECT_EQ(layout.places[left].root, layout.places[all].root);
  EXPECT_EQ(layout.places[right].root, layout.places[all].root);
  EXPECT_EQ(layout.places[right].view.offset, layout.places[all].view.offset + 16);
  EXPECT_EQ(layout.places[right].view.strides, layout.places[all].view.strides);
  EXPECT_EQ(layout.places[right].view.halo, (Halo{1, 1, 1, 1}));
}

TEST(Layout, CutsAcrossRowsLoseTheHalo) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({1, 4, 8, 8}));
  const TensorId part = b.slice(x, {0, 1, 2, 0}, {1, 2, 5, 8}),
                 channels = b.slice(x, {0, 1, 0, 0}, {1, 2, 8, 8});
  b.output(b.conv(x, 4, {.kernel = 3, .pad = 1}));
  b.output(b.conv(part, 4, {.kernel = 3, .pad = 1}));
  b.output(b.conv(channels, 4, {.kernel = 3, .pad = 1}));
  const Layout layout = laid(b.finish()).layout;
  EXPECT_EQ(layout.places[part].view.halo, Halo{});
  EXPECT_EQ(layout.places[channels].view.halo, (Halo{1, 1, 1, 1}));
}

TEST(Layout, UserBuffersAreDenseInTheModelsOrder) {
  NetworkBuilder b;
  const TensorId x = b.input({2, 3, 5, 7});
  const TensorId y = b.conv(x, 4, {.kernel = 3, .pad = 1});
  b.output(y);
  const Layout layout = laid(b.finish()).layout;
  EXPECT_EQ(layout.places[x].view, nchw_view(DType::f32, 2, 5, 7, 3));
  EXPECT_EQ(layout.places[y].view, nchw_view(DType::f32, 2, 5, 7, 4));
}

TEST(Layout, OtherElementTypesAreRefused) {
  NetworkBuilder b;
  b.output(b.relu(b.input({2, 3})));
  Network network = b.finish();
  network.tensors[network.inputs[0]].type = DType::i64;
  const auto layout = lay_out(network, find_uses(network), {});
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace tenfold::graph
