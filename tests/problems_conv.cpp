// Families of convolutions, products and what goes with them.
#include <algorithm>

#include "dsl/window.h"
#include "tests/problems_families.h"

namespace tenfold::testing_support {
namespace {

/// A convolution of what `window` says, over random views, with a chain.
Problem convolution(const char* op, const Dims& in, int64_t k, int64_t groups,
                    const RandomWindow& window, Random& random, int percent_exact = 75) {
  Problem problem;
  Task& task = problem.task;
  task.op = op;
  window.set(task.attrs);
  task.attrs.set("groups", static_cast<double>(groups));
  task.inputs.push_back(random_view(in, random));
  task.outputs.push_back(random_view({in[0], window.out_h(in[1]), window.out_w(in[2]), k}, random));
  if (task.inputs[0].strides[3] == 1 && random.chance(40))
    add_halo(task.inputs[0], dsl::window_reach(task), random);
  problem.exact = random.chance(percent_exact);
  const Values values = problem.exact ? Values::integers : Values::unit;
  if (random.chance(15)) add_prologue(task, values, 2, random);
  add_epilogue(task, values, 3, random);
  return problem;
}

/// The same of a transposed convolution, some with output pads.
Problem transposed_convolution(const Dims& in, int64_t k, int64_t groups,
                               const RandomWindow& window, Random& random, int percent_exact = 75) {
  const auto out_pad = [&](int64_t stride, int64_t dilation) {
    return random.chance(30) ? random.between(0, std::max(stride, dilation) - 1) : 0;
  };
  const int64_t pad_h = out_pad(window.stride_h, window.dilation_h),
                pad_w = out_pad(window.stride_w, window.dilation_w);
  Problem problem;
  Task& task = problem.task;
  task.op = "conv_transpose2d";
  window.set(task.attrs);
  task.attrs.set("groups", static_cast<double>(groups));
  task.attrs.set("output_pad_h", static_cast<double>(pad_h));
  task.attrs.set("output_pad_w", static_cast<double>(pad_w));
  const int64_t h = (in[1] - 1) * window.stride_h + window.dilation_h * (window.kernel_h - 1) + 1 +
                    pad_h - window.pad_top - window.pad_bottom;
  const int64_t w = (in[2] - 1) * window.stride_w + window.dilation_w * (window.kernel_w - 1) + 1 +
                    pad_w - window.pad_left - window.pad_right;
  if (h < 1 || w < 1) return problem;
  task.inputs.push_back(random_view(in, random));
  task.outputs.push_back(random_view({in[0], h, w, k}, random));
  if (task.inputs[0].strides[3] == 1 && random.chance(30))
    add_halo(task.inputs[0], {1, 2, 1, 1}, random);
  problem.exact = random.chance(percent_exact);
  add_epilogue(task, problem.exact ? Values::integers : Values::unit, 2, random);
  return problem;
}

}  // namespace

Problem draw_pointwise(Random& random) {
  RandomWindow window;
  if (random.chance(15)) window.stride_h = window.stride_w = 2;
  return convolution("conv2d",
                     {random.batch(), random.pixels(), random.pixels(), random.channels()},
                     random.channels(), 1, window, random);
}

Problem draw_dense(Random& random) {
  RandomWindow window;
  const auto [r, s] = random.pick<std::pair<int64_t, int64_t>>({{3, 3},
                                                                {3, 3},
                                                                {3, 3},
                                                                {5, 5},
                                                                {7, 7},
                                                                {11, 11},
                                                                {1, 7},
                                                                {7, 1},
                                                                {1, 3},
                                                                {3, 1},
                                                                {2, 2},
                                                                {2, 4},
                                                                {5, 3}});
  window.kernel_h = r, window.kernel_w = s;
  window.stride_h = window.stride_w = random.pick({1, 1, 2, 3, 4});
  if (random.chance(20)) window.stride_w = random.pick({1, 2});
  window.draw_pads(random);
  const bool first_layer = r >= 7 && s >= 7;
  const int64_t c = first_layer ? random.pick({1, 3, 4}) : std::min<int64_t>(random.channels(), 40);
  const int64_t side = first_layer ? random.between(12, 31) : random.between(1, 17);
  return convolution("conv2d", {random.batch(), side, random.between(1, 2 * side), c},
                     std::min<int64_t>(random.channels(), 48), 1, window, random);
}

// What the Winograd space serves, mostly.
Problem draw_winograd(Random& random) {
  RandomWindow window;
  const auto [r, s] = random.pick<std::pair<int64_t, int64_t>>(
      {{3, 3}, {3, 3}, {3, 3}, {3, 3}, {5, 5}, {1, 3}, {3, 1}, {1, 5}});
  window.kernel_h = r, window.kernel_w = s;
  if (random.chance(30)) {
    window.stride_h = random.pick({1, 2, 2, 2});
    window.stride_w = random.pick({1, 2, 2, 2});
  }
  window.draw_pads(random);
  const auto wide = [&] { return random.pick({16, 17, 19, 24, 29, 32, 40}); };
  if (random.chance(20)) {
    window.kernel_h = random.between(2, 5), window.kernel_w = random.between(2, 5);
    return transposed_convolution(
        {random.batch(), random.between(4, 12), random.between(4, 14), wide()}, wide(), 1, window,
        random, 0);
  }
  const Dims pixels{random.batch(), window.stride_h * random.between(8, 21),
                    window.stride_w * random.between(8, 27)};
  if (random.chance(30)) {
    const int64_t groups = random.pick({2, 3, 4});
    return convolution("conv2d",
                       {pixels[0], pixels[1], pixels[2], groups * random.pick({8, 9, 16, 24})},
                       groups * random.pick({8, 16, 24, 32}), groups, window, random, 0);
  }
  return convolution("conv2d", {pixels[0], pixels[1], pixels[2], wide()}, wide(), 1, window, random,
                     0);
}

Problem draw_group(Random& random) {
  const int64_t groups = random.pick({2, 3, 4, 8, 16});
  const int64_t c = random.pick({2, 3, 4, 5, 8, 12, 16}), k = random.pick({1, 2, 3, 4, 7, 8, 16});
  RandomWindow window;
  window.kernel_h = window.kernel_w = random.pick({1, 1, 3, 3, 5});
  window.stride_h = window.stride_w = random.pick({1, 1, 2});
  if (random.chance(20)) window.dilation_w = 2;
  window.draw_pads(random);
  return convolution("conv2d", {random.batch(), random.pixels(), random.pixels(), groups * c},
                     groups * (random.chance(60) ? c : k), groups, window, random);
}

Problem draw_depthwise(Random& random) {
  const int64_t c = random.channels(), multiplier = random.pick({1, 1, 1, 1, 2, 3});
  RandomWindow window;
  window.kernel_h = random.pick({3, 3, 5, 7, 1, 2});
  window.kernel_w = random.chance(80) ? window.kernel_h : random.pick({1, 3, 4});
  window.stride_h = window.stride_w = random.pick({1, 1, 2});
  window.dilation_h = window.dilation_w = random.pick({1, 1, 1, 2, 3});
  window.draw_pads(random);
  return convolution("conv2d", {random.batch(), random.between(1, 21), random.between(1, 25), c},
                     c * multiplier, c, window, random);
}

Problem draw_dilated(Random& random) {
  RandomWindow window;
  window.kernel_h = window.kernel_w = random.pick({3, 3, 3, 2, 5});
  window.dilation_h = random.pick({2, 2, 3, 4, 6, 12, 18});
  window.dilation_w = random.chance(80) ? window.dilation_h : random.pick({1, 2, 5});
  window.stride_h = window.stride_w = random.pick({1, 1, 1, 2});
  window.draw_pads(random);
  const int64_t groups = random.pick({1, 1, 1, 2});
  return convolution("conv2d",
                     {random.batch(), random.between(3, 22), random.between(3, 22),
                      groups * std::min<int64_t>(random.channels(), 24)},
                     groups * std::min<int64_t>(random.channels(), 24), groups, window, random);
}

// Gates and BN with ReLU on load, and the two small layers of a Squeeze-and-Excitation block.
Problem draw_gate(Random& random) {
  RandomWindow window;
  if (random.chance(40))
    return convolution("conv2d", {random.batch(), 1, 1, random.channels()}, random.channels(), 1,
                       window, random);
  const bool depthwise = random.chance(40);
  if (depthwise || random.chance(30)) window.kernel_h = window.kernel_w = 3;
  if (depthwise) window.stride_h = window.stride_w = random.pick({1, 2});
  window.draw_pads(random);
  const int64_t c = random.channels(), k = depthwise ? c : random.channels();
  Problem problem = convolution("conv2d", {random.batch(), random.pixels(), random.pixels(), c}, k,
                                depthwise ? c : 1, window, random);
  Task& task = problem.task;
  task.prologue.clear();
  if (random.chance(50)) {
    task.prologue = {{"scale_shift", {}, -1}, {"relu", {}, -1}};
  } else {
    task.prologue = {{"mul", {}, static_cast<int>(task.inputs.size())}};
    task.inputs.push_back(random_view({task.inputs[0].dims[0], 1, 1, c}, random));
  }
  return problem;
}

// Depthwise + pointwise, and expand + depthwise + project, with or without a residual.
Problem draw_separable(Random& random) {
  RandomWindow window;
  window.kernel_h = window.kernel_w = random.pick({3, 3, 5});
  window.stride_h = window.stride_w = random.pick({1, 1, 2});
  if (random.chance(15)) window.dilation_h = window.dilation_w = 2;
  window.draw_pads(random);
  const bool expands = random.chance(60);
  const Dims in{random.batch(), random.between(1, 15), random.between(1, 17),
                std::min<int64_t>(random.channels(), 24)};
  Problem problem;
  Task& task = problem.task;
  task.op = expands ? "inverted_residual" : "depthwise_pointwise";
  window.set(task.attrs);
  if (expands)
    task.attrs.set("expanded", static_cast<double>(random.pick({1, 6, 8, 13, 24, 40, 48})));
  const Dims out{in[0], window.out_h(in[1]), window.out_w(in[2]),
                 random.chance(40) ? in[3] : std::min<int64_t>(random.channels(), 40)};
  task.inputs.push_back(random_view(in, random));
  task.outputs.push_back(random_view(out, random));
  if (task.inputs[0].strides[3] == 1 && random.chance(40))
    add_halo(task.inputs[0], dsl::window_reach(task), random);
  problem.exact = random.chance(60);
  for (int i = 0; i < (expands ? 2 : 1); ++i) {
    std::vector<Stage> chain;
    if (random.chance(70)) chain.push_back({random.pick({"bias", "scale_shift"}), {}, -1});
    if (random.chance(70))
      chain.push_back(problem.exact || random.chance(50) ? Stage{"clip", {0, 6}, -1}
                                                         : Stage{"silu", {}, -1});
    task.inner.push_back(std::move(chain));
  }
  while (!task.inner.empty() && task.inner.back().empty()) task.inner.pop_back();
  add_epilogue(task, problem.exact ? Values::integers : Values::unit, 2, random);
  return problem;
}

// The gate of a Squeeze-and-Excitation block. Means are exact where the pixels are a power of two.
Problem draw_squeeze(Random& random) {
  Problem problem;
  problem.exact = random.chance(50);
  const auto extent = [&] { return problem.exact ? random.pick({1, 2, 4, 8}) : random.pixels(); };
  const Dims in{random.batch(), extent(), extent(), random.channels()};
  Task& task = problem.task;
  task.op = "squeeze_excite";
  task.attrs.set("reduced", static_cast<double>(random.pick({1, 3, 4, 8, 13, 16, 24, 40})));
  task.inputs.push_back(random_view(in, random));
  task.outputs.push_back(
      random_view({in[0], 1, 1, random.chance(70) ? in[3] : random.channels()}, random));
  std::vector<Stage> chain;
  if (random.chance(70)) chain.push_back({"bias", {}, -1});
  if (random.chance(70)) chain.push_back({problem.exact ? "relu" : "silu", {}, -1});
  if (!chain.empty()) task.inner.push_back(std::move(chain));
  add_epilogue(task, problem.exact ? Values::integers : Values::unit, 2, random);
  return problem;
}

Problem draw_conv_transpose(Random& random) {
  RandomWindow window;
  window.kernel_h = random.between(1, 5), window.kernel_w = random.between(1, 5);
  window.stride_h = random.between(1, 4), window.stride_w = random.between(1, 4);
  if (random.chance(25)) window.dilation_h = random.between(1, 3);
  if (random.chance(25)) window.dilation_w = random.between(1, 3);
  if (random.chance(50)) window.draw_pads(random);
  const int64_t groups = random.pick({1, 1, 1, 2, 3});
  const Dims in{random.batch(), random.between(1, 9), random.between(1, 9),
                groups * std::min<int64_t>(random.channels(), 24)};
  return transposed_convolution(in, groups * std::min<int64_t>(random.channels(), 24), groups,
                                window, random);
}

Problem draw_deform(Random& random) {
  const int64_t groups = random.pick({1, 1, 2, 4}), offset_groups = random.pick({1, 1, 2, 4});
  RandomWindow window;
  window.kernel_h = random.pick({1, 3, 3, 3, 5}), window.kernel_w = random.pick({1, 3, 3, 3, 2});
  window.stride_h = window.stride_w = random.pick({1, 1, 2});
  window.dilation_h = window.dilation_w = random.pick({1, 1, 2});
  window.draw_pads(random);
  const int64_t unit = std::max(groups, offset_groups);
  const Dims in{random.batch(), random.between(1, 11), random.between(1, 12),
                unit * random.between(1, 9)};
  Problem problem;
  Task& task = problem.task;
  task.op = "deform_conv2d";
  window.set(task.attrs);
  task.attrs.set("groups", static_cast<double>(groups));
  task.attrs.set("offset_groups", static_cast<double>(offset_groups));
  const int64_t h = window.out_h(in[1]), w = window.out_w(in[2]);
  const int64_t taps = window.kernel_h * window.kernel_w;
  task.inputs.push_back(random_view(in, random));
  task.inputs.push_back(random_view({in[0], h, w, 2 * offset_groups * taps}, random));
  if (random.chance(50))
    task.inputs.push_back(random_view({in[0], h, w, offset_groups * taps}, random));
  task.outputs.push_back(random_view({in[0], h, w, groups * random.between(1, 13)}, random));
  // An operand stage's input would be taken for the mask where there is none.
  if (random.chance(50)) task.epilogue.push_back({"bias", {}, -1});
  if (random.chance(50)) task.epilogue.push_back({random.pick({"relu", "silu", "prelu"}), {}, -1});
  return problem;
}

Problem draw_gemm(Random& random) {
  Problem problem;
  Task& task = problem.task;
  task.op = "gemm";
  const int64_t m = random.pick({1, 1, 2, 3, 5, 8, 13, 17});
  const int64_t depth = random.pick({1, 2, 7, 16, 31, 53, 64, 100, 128});
  const int64_t n = random.pick({1, 3, 8, 10, 17, 32, 37, 64, 100});
  task.inputs.push_back(random_view({m, depth}, random));
  task.outputs.push_back(random_view({m, n}, random));
  problem.exact = random.chance(75);
  add_epilogue(task, problem.exact ? Values::integers : Values::unit, 3, random);
  return problem;
}

Problem draw_matmul(Random& random) {
  const auto extent = [&] { return random.pick({1, 2, 3, 5, 7, 8, 13, 16, 24, 33}); };
  Dims a{extent(), extent()}, b{a[1], extent()}, out{a[0], b[1]};
  for (int64_t batch = random.between(0, 2); batch > 0; --batch) {
    const int64_t count = random.between(1, 4);
    const int64_t kind = random.between(0, 3);
    a.insert(a.begin(), kind == 0 ? 1 : count);
    if (kind != 1 || b.size() > 2) b.insert(b.begin(), kind == 2 ? 1 : count);
    out.insert(out.begin(), count);
  }
  if (a.size() < b.size()) a.insert(a.begin(), 1);
  Problem problem;
  Task& task = problem.task;
  task.op = "matmul";
  task.inputs = {random_view(a, random), random_view(b, random)};
  task.outputs = {random_view(out, random)};
  problem.exact = random.chance(75);
  add_epilogue(task, problem.exact ? Values::integers : Values::unit, 2, random);
  return problem;
}

}  // namespace tenfold::testing_support
