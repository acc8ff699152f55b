// conv2d: dense, grouped and depthwise convolution, with any kernel, stride, dilation and pads.
#include <algorithm>

#include "dsl/algorithm_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/shuffle_halide.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

struct Shape {
  Window window;
  int64_t groups, group_c, group_k;
};

Shape shape_of(const Task& task) {
  const int64_t groups = task.attrs.get_int("groups", 1);
  return {window_of(task.attrs), groups, task.inputs[0].dims[3] / groups,
          task.outputs[0].dims[3] / groups};
}

Status check_conv2d(const Task& task) {
  TENFOLD_CHECK(check_window(task));
  const int64_t groups = task.attrs.get_int("groups", 1), c = task.inputs[0].dims[3],
                k = task.outputs[0].dims[3];
  if (groups < 1 || c % groups != 0 || k % groups != 0)
    return Error{ErrorCode::invalid_shape,
                 "conv2d: " + std::to_string(c) + " input and " + std::to_string(k) +
                     " output channels are no multiples of " + std::to_string(groups) + " groups"};
  TENFOLD_CHECK(check_attr(task, "shuffle", 1, 1, c));
  const int64_t shuffle = task.attrs.get_int("shuffle", 1);
  TENFOLD_CHECK(rule(c % shuffle == 0, task,
                     std::to_string(c) + " channels cannot be shuffled in " +
                         std::to_string(shuffle) + " groups"));
  return rule(shuffle == 1 || groups > 1, task,
              "without groups a shuffle is an order of the weights");
}

std::vector<Param> params_conv2d(const Task& task) {
  const Shape s = shape_of(task);
  return {{"weights", {s.groups * s.group_k, s.group_c, s.window.kernel_h, s.window.kernel_w}}};
}

double flops_conv2d(const Task& task) {
  const Shape s = shape_of(task);
  return 2.0 * static_cast<double>(*volume(task.outputs[0].dims)) * static_cast<double>(s.group_c) *
         static_cast<double>(s.window.kernel_h * s.window.kernel_w);
}

// Sums in double, one input value times a run of output channels at a time: quick enough to check
// candidates with.
void reference_conv2d(const Task& task, std::span<const Values> inputs,
                      std::span<const Values> constants, std::span<Values> outputs) {
  const auto [w, groups, group_c, group_k] = shape_of(task);
  const Values& in = inputs[0];
  Values& out = outputs[0];
  const int64_t height = in.dims[1], width = in.dims[2], channels = in.dims[3];

  // {K, C, R, S} to {R, S, group, C, K in group}.
  std::vector<double> weights(constants[0].data.size());
  for (int64_t k = 0; k < groups * group_k; ++k)
    for (int64_t c = 0; c < group_c; ++c)
      for (int64_t r = 0; r < w.kernel_h; ++r)
        for (int64_t s = 0; s < w.kernel_w; ++s) {
          const int64_t tap_channel = ((r * w.kernel_w + s) * groups + k / group_k) * group_c + c;
          weights[tap_channel * group_k + k % group_k] = constants[0].at({k, c, r, s});
        }

  const int64_t shuffle = task.attrs.get_int("shuffle", 1), run = channels / shuffle;
  double* sums = out.data.data();
  for (int64_t n = 0; n < out.dims[0]; ++n)
    for (int64_t y = 0; y < out.dims[1]; ++y)
      for (int64_t x = 0; x < out.dims[2]; ++x, sums += groups * group_k)
        for (int64_t r = 0; r < w.kernel_h; ++r)
          for (int64_t s = 0; s < w.kernel_w; ++s) {
            const int64_t in_y = y * w.stride_h + r * w.dilation_h - w.pad_top;
            const int64_t in_x = x * w.stride_w + s * w.dilation_w - w.pad_left;
            if (in_y < 0 || in_y >= height || in_x < 0 || in_x >= width) continue;
            const double* pixel = &in.data[((n * height + in_y) * width + in_x) * channels];
            const double* tap = &weights[(r * w.kernel_w + s) * groups * group_c * group_k];
            for (int64_t g = 0; g < groups; ++g)
              for (int64_t c = 0; c < group_c; ++c) {
                const int64_t channel = g * group_c + c;
                const double value = pixel[channel % shuffle * run + channel / shuffle];
                const double* row = tap + (g * group_c + c) * group_k;
                for (int64_t k = 0; k < group_k; ++k) sums[g * group_k + k] += value * row[k];
              }
          }
}

/// out[n,y,x,k] = epilogue(sum over r,s,c of prologue(in)[n, y*stride_h+r*dilation_h-pad_top,
/// x*stride_w+s*dilation_w-pad_left, g*C/groups+c] * weights[k,c,r,s]), g = k / (K/groups); in is 0
/// outside the image. With shuffle=m, for groups alone: in's channel c is x's (c % m) * (C/m) + c /
/// m. Shapes: in {N,H,W,C}, weights {K,C/groups,R,S}, out {N,OH,OW,K}. float32. reduction is (c in
/// group, s, r). Errors: invalid_shape when C or K is no multiple of groups. Source: Krizhevsky et
/// al. 2012, section 3.5 (groups); Chollet 2017 (depthwise); Yu and Koltun 2016 (dilation).
Algorithm algorithm_conv2d(const Task& task, const Binding& binding) {
  const auto [w, groups, group_c, group_k] = shape_of(task);
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  bool masked = false;
  Halide::Func load = padded_load(task, binding, window_reach(task), &masked);

  Halide::Var k("k"), x("x"), y("y"), n("n");
  Halide::RDom taps({{0, whole(group_c)}, {0, whole(w.kernel_w)}, {0, whole(w.kernel_h)}}, "taps");
  Halide::Func acc("acc"), out("out"), order = channel_order(task);
  Halide::Expr channel = taps[0];
  if (groups > 1)
    channel = (group_k == 1 ? Halide::Expr(k) : k / whole(group_k)) * whole(group_c) + taps[0];
  acc(k, x, y, n) = 0.0f;
  acc(k, x, y, n) +=
      load(source_channel(task, order, channel),
           x * whole(w.stride_w) + taps[1] * whole(w.dilation_w) - whole(w.pad_left),
           y * whole(w.stride_h) + taps[2] * whole(w.dilation_h) - whole(w.pad_top), n) *
      binding.param_at(0, {k, taps[0], taps[2], taps[1]});
  out(k, x, y, n) = apply_chain(task.epilogue, acc(k, x, y, n), {k, x, y, n}, task, binding,
                                first_epilogue_param(task));
  constrain_output(out, task.outputs[0]);

  Algorithm algorithm{.funcs = {{"out", out}, {"acc", acc}}, .reduction = taps, .outputs = {out}};
  if (masked || !task.prologue.empty()) algorithm.funcs["load"] = load;
  if (order.defined()) algorithm.funcs["order"] = order;
  return algorithm;
}

}  // namespace

Op conv2d_op() {
  return {"conv2d",
          check_conv2d,
          params_conv2d,
          reference_conv2d,
          algorithm_conv2d,
          flops_conv2d,
          std::string(window_attributes) + " groups shuffle"};
}

}  // namespace tenfold::dsl
