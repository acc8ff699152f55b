#include "graph/sum_branches.h"

#include "graph/fold_weights.h"
#include "pass_check.h"

namespace tenfold::graph {
namespace {

using Ops = std::vector<std::string>;

struct Window {
  int64_t kernel_h, kernel_w, stride, dilation_h, dilation_w, top, left, groups;
};

/// Onto {2, 12, 9, 11} at stride 1, {2, 12, 5, 6} at 2: pads behind are what that takes.
TensorId conv(NetworkBuilder& b, TensorId x, const Window& w, bool bias = true) {
  const int64_t rows = w.stride == 1 ? 9 : 5, columns = w.stride == 1 ? 11 : 6;
  const auto behind = [&](int64_t out, int64_t in, int64_t kernel, int64_t dilation, int64_t pad) {
    return (out - 1) * w.stride + dilation * (kernel - 1) + 1 - in - pad;
  };
  std::vector<TensorId> inputs{x,
                               b.constant({12, b.dims(x)[1] / w.groups, w.kernel_h, w.kernel_w})};
  if (bias) inputs.push_back(b.constant({12}));
  return b.node("conv2d", inputs, {2, 12, rows, columns},
                {{"kernel_h", w.kernel_h},
                 {"kernel_w", w.kernel_w},
                 {"stride_h", w.stride},
                 {"stride_w", w.stride},
                 {"dilation_h", w.dilation_h},
                 {"dilation_w", w.dilation_w},
                 {"pad_top", w.top},
                 {"pad_left", w.left},
                 {"pad_bottom", behind(rows, 9, w.kernel_h, w.dilation_h, w.top)},
                 {"pad_right", behind(columns, 11, w.kernel_w, w.dilation_w, w.left)},
                 {"groups", w.groups}});
}

TEST(SumBranches, OfWindowsThatHoldEachOther) {
  const std::pair<Window, Window> pairs[] = {
      {{3, 3, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 0, 0, 1}},
      {{1, 1, 2, 1, 1, 0, 0, 3}, {3, 3, 2, 1, 1, 1, 1, 3}},
      {{5, 7, 1, 1, 1, 2, 3, 1}, {3, 1, 1, 2, 5, 2, 0, 4}},   // dilated, in groups
      {{3, 5, 1, 1, 1, 0, 4, 2}, {2, 3, 1, 1, 1, -1, 2, 6}},  // asymmetric; crops
      {{3, 3, 1, 2, 3, 2, 3, 1}, {2, 2, 1, 4, 3, 2, 0, 1}},   // on the other's dilated taps
      {{7, 7, 1, 1, 1, 3, 3, 12}, {3, 3, 1, 1, 1, 1, 1, 12}},
  };
  for (const auto& [first, second] : pairs)
    for (const bool bias : {false, true}) {
      NetworkBuilder b;
      const TensorId x = b.input({2, 12, 9, 11});
      b.output(b.relu(b.stage("add", {conv(b, x, first, bias), conv(b, x, second)})));
      expect_pass(b, {sum_branches}, {"conv2d", "relu"});
    }
}

TEST(SumBranches, OfChannelFunctionsToo) {
  for (const int64_t groups : {1, 3, 12}) {
    NetworkBuilder b;
    const TensorId x = b.input({2, 12, 9, 11});
    const TensorId large = conv(b, x, {3, 3, 1, 1, 1, 1, 1, groups});
    const TensorId small = conv(b, x, {1, 1, 1, 1, 1, 0, 0, groups}, false);
    const TensorId norm = b.stage("scale_shift", {x, b.constant({12}), b.constant({12})});
    b.output(b.stage("add", {b.stage("add", {norm, large}), small}));
    expect_pass(b, {sum_branches}, {"conv2d"});
  }
}

TEST(SumBranches, OthersStay) {
  const std::pair<Window, Window> pairs[] = {
      {{1, 3, 1, 1, 1, 0, 1, 1}, {3, 1, 1, 1, 1, 1, 0, 1}},  // neither holds the other
      {{3, 3, 1, 1, 1, 1, 1, 3}, {1, 1, 1, 1, 1, 0, 0, 2}},  // groups that cut each other
      {{3, 3, 1, 2, 2, 2, 2, 1}, {3, 3, 1, 1, 1, 1, 1, 1}},  // taps between the taps
      {{3, 3, 1, 1, 1, 1, 1, 3}, {1, 1, 1, 1, 1, 0, 0, 1}},  // the small one has the wide groups
  };
  for (const auto& [first, second] : pairs) {
    NetworkBuilder b;
    const TensorId x = b.input({2, 12, 9, 11});
    b.output(b.stage("add", {conv(b, x, first), conv(b, x, second)}));
    expect_pass(b, {sum_branches}, {"conv2d", "conv2d", "add"});
  }
  const Window three{3, 3, 1, 1, 1, 1, 1, 1}, one{1, 1, 1, 1, 1, 0, 0, 1};
  NetworkBuilder read;  // something else reads a branch
  TensorId x = read.input({2, 12, 9, 11});
  const TensorId y = conv(read, x, three);
  read.output(read.stage("add", {y, conv(read, x, one)}));
  read.output(read.relu(y));
  expect_pass(read, {sum_branches}, {"conv2d", "conv2d", "add", "relu"});
  NetworkBuilder others;  // of other tensors
  x = others.input({2, 12, 9, 11});
  others.output(others.stage("add", {conv(others, x, three), conv(others, others.relu(x), one)}));
  expect_pass(others, {sum_branches}, {"conv2d", "relu", "conv2d", "add"});
  NetworkBuilder functions;  // no convolution
  x = functions.input({2, 12, 9, 11});
  const TensorId scaled = functions.stage("scale", {x, functions.constant({12})});
  functions.output(functions.stage("add", {scaled, functions.stage("affine", {x}, {2, 1})}));
  expect_pass(functions, {sum_branches}, {"scale", "affine", "add"});
}

}  // namespace
}  // namespace tenfold::graph
