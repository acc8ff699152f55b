// Narrow convolutions over the same input: which become one, and that it means the same.
#include "graph/merge_convs.h"

#include "pass_check.h"
#include "tests/graph/planned.h"

namespace tenfold::graph {
namespace {

constexpr ConvSpec window{.kernel = 3, .pad = 1};

TensorId deformed(NetworkBuilder& b, TensorId x, TensorId offsets, TensorId mask, int64_t outputs) {
  const Dims in = b.dims(x);
  std::map<std::string, AttrValue> attrs;
  for (const char* name : {"kernel_h", "kernel_w"}) attrs[name] = int64_t{3};
  for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right", "stride_h", "stride_w",
                           "dilation_h", "dilation_w", "groups", "offset_groups"})
    attrs[name] = int64_t{1};
  return b.node("deform_conv2d", {x, offsets, mask, b.constant({outputs, in[1], 3, 3})},
                {in[0], outputs, in[2], in[3]}, attrs);
}

TEST(MergeConvs, OffsetsAndMaskOfADeformableConvolution) {
  for (const bool bias : {true, false}) {
    NetworkBuilder b;
    const TensorId x = b.relu(b.input({2, 24, 5, 6}));
    ConvSpec mask_window = window;
    mask_window.bias = bias;
    const TensorId offsets = b.conv(x, 18, window);
    const TensorId mask = b.stage("hard_sigmoid", {b.conv(x, 9, mask_window)}, {0.25, 0.5});
    b.output(deformed(b, x, offsets, mask, 7));
    const Network merged = expect_pass(
        b, {merge_convs}, {"relu", "conv2d", "slice", "slice", "hard_sigmoid", "deform_conv2d"});
    EXPECT_EQ(merged.tensors[merged.nodes[1].outputs[0]].dims, (Dims{2, 27, 5, 6}));
    EXPECT_EQ(kinds_of(planned(b)), (Kinds{{"map", 2}, {"conv2d", 1}, {"deform_conv2d", 1}}));
  }
}

TEST(MergeConvs, ThoseAreLeftThatWouldSaveNothing) {
  const auto ops_of = [](int64_t first, int64_t second, ConvSpec second_window) {
    NetworkBuilder b;
    const TensorId x = b.relu(b.input({1, 24, 6, 6}));
    b.output(b.conv(b.conv(x, first, window), 3));
    b.output(b.conv(b.conv(x, second, second_window), 3));
    Network network = b.finish();
    EXPECT_TRUE(merge_convs(network));
    return ops_in_order(network);
  };
  const std::vector<std::string> apart{"relu", "conv2d", "conv2d", "conv2d", "conv2d"};
  EXPECT_NE(ops_of(18, 9, window), apart);
  EXPECT_EQ(ops_of(16, 9, window), apart) << "16 fill their vectors";
  EXPECT_EQ(ops_of(15, 15, window), apart) << "as many vectors";
  EXPECT_EQ(ops_of(18, 9, {.kernel = 3, .pad = 1, .groups = 3}), apart);
  EXPECT_EQ(ops_of(18, 9, {.kernel = 3, .dilation = 2, .pad = 2}), apart) << "another window";
}

TEST(MergeConvs, OutputsAndPartsOfConcatenationsStayWhole) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({1, 24, 6, 6}));
  b.output(b.conv(x, 9, window));
  b.output(b.conv(x, 10, window));
  b.output(b.conv(b.concat({b.conv(x, 11, window), b.conv(x, 12, window)}), 3));
  Network network = b.finish();
  EXPECT_TRUE(merge_convs(network));
  EXPECT_EQ(std::ranges::count(ops_in_order(network), "slice"), 0);
}

TEST(MergeConvs, AFunctionBehindAShortReductionWouldCostMore) {
  NetworkBuilder b;
  const TensorId x = b.relu(b.input({1, 8, 6, 6}));
  b.output(b.conv(b.relu(b.conv(x, 4)), 3));
  b.output(b.conv(b.relu(b.conv(x, 4)), 3));
  Network network = b.finish();
  EXPECT_TRUE(merge_convs(network));
  EXPECT_EQ(std::ranges::count(ops_in_order(network), "slice"), 0);
}

}  // namespace
}  // namespace tenfold::graph
