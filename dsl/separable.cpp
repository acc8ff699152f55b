// Two and three convolutions as one operator: depthwise + pointwise (MobileNetV1, Xception), and
// expand + depthwise + project (MobileNetV2's inverted residual). A schedule keeps what stands
// between them in rows that no memory sees.
#include <algorithm>

#include "dsl/algorithm_halide.h"
#include "dsl/inner_chain.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/stage.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

struct Shape {
  Window window;
  int64_t channels, expanded, outputs;
  bool expands;
};

Shape shape_of(const Task& task) {
  const int64_t channels = task.inputs[0].dims[3];
  const bool expands = task.op == "inverted_residual";
  return {window_of(task.attrs), channels, expands ? task.attrs.get_int("expanded", 0) : channels,
          task.outputs[0].dims[3], expands};
}

Status check_separable(const Task& task) {
  TENFOLD_CHECK(check_window(task));
  if (task.op == "inverted_residual")
    TENFOLD_CHECK(check_attr(task, "expanded", 0, 1, int64_t{1} << 20));
  return {};
}

std::vector<Param> params_separable(const Task& task) {
  const Shape s = shape_of(task);
  std::vector<Param> params;
  if (s.expands) {
    params.push_back({"expand_weights", {s.expanded, s.channels, 1, 1}});
    add_chain_params(params, "expand_", inner_chain(task, 0), s.expanded);
  }
  params.push_back({"depthwise_weights", {s.expanded, 1, s.window.kernel_h, s.window.kernel_w}});
  add_chain_params(params, "depthwise_", inner_chain(task, s.expands ? 1 : 0), s.expanded);
  params.push_back({"weights", {s.outputs, s.expanded, 1, 1}});
  return params;
}

double flops_separable(const Task& task) {
  const Shape s = shape_of(task);
  const auto pixels = [](const View& view) {
    return static_cast<double>(view.dims[0] * view.dims[1] * view.dims[2]);
  };
  const double taps = static_cast<double>(s.window.kernel_h * s.window.kernel_w);
  const double expand = s.expands ? pixels(task.inputs[0]) * static_cast<double>(s.channels) : 0.0;
  return 2 * static_cast<double>(s.expanded) *
         (expand + pixels(task.outputs[0]) * (taps + static_cast<double>(s.outputs)));
}

// A pointwise convolution of every pixel: weights {K, C, 1, 1}.
Values pointwise(const Values& in, const Values& weights) {
  const int64_t c_count = in.dims[3], k_count = weights.dims[0];
  Values out{{in.dims[0], in.dims[1], in.dims[2], k_count}, {}};
  const int64_t pixels = in.dims[0] * in.dims[1] * in.dims[2];
  out.data.assign(pixels * k_count, 0.0);
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t k = 0; k < k_count; ++k) {
      double sum = 0;
      for (int64_t c = 0; c < c_count; ++c)
        sum += in.data[p * c_count + c] * weights.data[k * c_count + c];
      out.data[p * k_count + k] = sum;
    }
  return out;
}

Values depthwise(const Values& in, const Values& weights, const Window& w, const Dims& out_dims) {
  const int64_t height = in.dims[1], width = in.dims[2], channels = in.dims[3];
  Values out{{out_dims[0], out_dims[1], out_dims[2], channels}, {}};
  out.data.assign(out_dims[0] * out_dims[1] * out_dims[2] * channels, 0.0);
  for (int64_t n = 0; n < out_dims[0]; ++n)
    for (int64_t y = 0; y < out_dims[1]; ++y)
      for (int64_t x = 0; x < out_dims[2]; ++x) {
        double* sums = &out.data[((n * out_dims[1] + y) * out_dims[2] + x) * channels];
        for (int64_t r = 0; r < w.kernel_h; ++r)
          for (int64_t s = 0; s < w.kernel_w; ++s) {
            const int64_t in_y = y * w.stride_h + r * w.dilation_h - w.pad_top;
            const int64_t in_x = x * w.stride_w + s * w.dilation_w - w.pad_left;
            if (in_y < 0 || in_y >= height || in_x < 0 || in_x >= width) continue;
            const double* pixel = &in.data[((n * height + in_y) * width + in_x) * channels];
            for (int64_t c = 0; c < channels; ++c)
              sums[c] += pixel[c] * weights.data[(c * w.kernel_h + r) * w.kernel_w + s];
          }
      }
  return out;
}

void reference_separable(const Task& task, std::span<const Values> inputs,
                         std::span<const Values> constants, std::span<Values> outputs) {
  const Shape s = shape_of(task);
  Values expanded;
  if (s.expands) {
    expanded = pointwise(inputs[0], constants[0]);
    constants = constants.subspan(1);
    run_inner(inner_chain(task, 0), constants, expanded);
  }
  Values between =
      depthwise(s.expands ? expanded : inputs[0], constants[0], s.window, task.outputs[0].dims);
  constants = constants.subspan(1);
  run_inner(inner_chain(task, s.expands ? 1 : 0), constants, between);
  outputs[0] = pointwise(between, constants[0]);
}

int whole(int64_t value) {
  return static_cast<int>(value);
}

// The expanded rows as the depthwise convolution reads them: "expand" the sums, "expanded" their
// chain with zeros around. Rows are written whole, by updates over their pixels, the borders and
// then the image; y stays free, so that a schedule may slide over it. (A condition on y in the
// reductions would make Halide 21 forget which rows it has made, or ask for rows that it never
// reads; sums that a selection leaves out are not made.)
Halide::Func expanded_rows(const Task& task, const Binding& binding, const Shape& s,
                           Algorithm& algorithm) {
  bool masked = false;
  Halide::Func load = padded_load(task, binding, {}, &masked);
  if (!task.prologue.empty()) algorithm.funcs["load"] = load;
  const Halo reach = window_reach(task);
  const int height = whole(task.inputs[0].dims[1]), width = whole(task.inputs[0].dims[2]);
  Halide::Var e("e"), x("x"), y("y"), n("n");
  Halide::RDom channels(0, whole(s.channels), "channels"), inside(0, width, "inside");
  Halide::Func sums("expand"), expanded("expanded");
  // Nothing is summed for a row outside, but Halide wants to know what would be read.
  const bool outside = reach.top > 0 || reach.bottom > 0;
  const Halide::Expr row = outside ? Halide::clamp(y, 0, height - 1) : Halide::Expr(y);
  sums(e, x, y, n) = 0.0f;
  sums(e, x, y, n) += load(channels, x, row, n) * binding.param_at(0, {e, channels, 0, 0});

  expanded(e, x, y, n) = Halide::undef<float>();
  const int left = whole(reach.left), right = whole(reach.right);
  if (left + right > 0) {
    Halide::RDom border(0, left + right, "border");
    const Halide::Expr column =
        Halide::select(border < left, border - left, border + (width - left));
    expanded(e, Halide::clamp(column, -left, width + right - 1), y, n) = 0.0f;
  }
  Halide::Expr value =
      apply_chain(inner_chain(task, 0), sums(e, inside, y, n), {e, inside, y, n}, task, binding, 1);
  // The loop over y is cut in three, so that the image itself is made without a selection.
  if (outside) value = Halide::select(y >= 0 && y < height, Halide::likely(value), 0.0f);
  expanded(e, inside, y, n) = value;
  algorithm.funcs["expand"] = sums;
  algorithm.funcs["expanded"] = expanded;
  return expanded;
}

/// middle(in)[n,y,x,e] = inner(sum over r,s of in[n, y*stride_h+r*dilation_h-pad_top,
/// x*stride_w+s*dilation_w-pad_left, e] * depthwise_weights[e,0,r,s]), in being 0 outside the
/// image; out[n,y,x,k] = epilogue(sum over e of middle(in)[n,y,x,e] * weights[k,e,0,0]).
/// depthwise_pointwise: in is the task's input after its prologue, {N,H,W,C}, and e counts its
/// channels; inner[0] stands behind the depthwise convolution. inverted_residual: in[n,y,x,e] =
/// inner[0](sum over c of input[n,y,x,c] * expand_weights[e,c,0,0]), e < expanded; inner[1] stands
/// behind the depthwise convolution. A residual is an addition in the epilogue. float32. Funcs:
/// "expand", "expanded" (inverted_residual), "depthwise", "between" {e, x, y, n}, "acc", "out";
/// reduction is (e). Errors: invalid_shape when the window does not fit.
/// Source: Howard et al. 2017 (MobileNets), section 3.1; Sandler et al. 2018 (MobileNetV2),
/// section 3.3.
Algorithm algorithm_separable(const Task& task, const Binding& binding) {
  const Shape s = shape_of(task);
  const Window& w = s.window;
  Algorithm algorithm;
  Halide::Func in;
  int param = 0;
  if (s.expands) {
    in = expanded_rows(task, binding, s, algorithm);
    param = 1 + param_count(inner_chain(task, 0));
  } else {
    bool masked = false;
    in = padded_load(task, binding, window_reach(task), &masked);
    if (masked || !task.prologue.empty()) algorithm.funcs["load"] = in;
  }

  Halide::Var e("e"), k("k"), x("x"), y("y"), n("n");
  Halide::RDom taps(0, whole(w.kernel_w), 0, whole(w.kernel_h), "taps");
  Halide::RDom channels(0, whole(s.expanded), "between_channels");
  Halide::Func sums("depthwise"), between("between"), acc("acc"), out("out");
  sums(e, x, y, n) = 0.0f;
  sums(e, x, y, n) +=
      in(e, x * whole(w.stride_w) + taps.x * whole(w.dilation_w) - whole(w.pad_left),
         y * whole(w.stride_h) + taps.y * whole(w.dilation_h) - whole(w.pad_top), n) *
      binding.param_at(param, {e, 0, taps.y, taps.x});
  const std::vector<Stage>& chain = inner_chain(task, s.expands ? 1 : 0);
  between(e, x, y, n) =
      apply_chain(chain, sums(e, x, y, n), {e, x, y, n}, task, binding, param + 1);
  acc(k, x, y, n) = 0.0f;
  acc(k, x, y, n) += between(channels, x, y, n) *
                     binding.param_at(param + 1 + param_count(chain), {k, channels, 0, 0});
  out(k, x, y, n) = apply_chain(task.epilogue, acc(k, x, y, n), {k, x, y, n}, task, binding,
                                first_epilogue_param(task));
  constrain_output(out, task.outputs[0]);

  algorithm.funcs.insert({{"depthwise", sums}, {"between", between}, {"acc", acc}, {"out", out}});
  algorithm.reduction = channels;
  algorithm.outputs = {out};
  return algorithm;
}

}  // namespace

Op depthwise_pointwise_op() {
  return {"depthwise_pointwise", check_separable, params_separable,  reference_separable,
          algorithm_separable,   flops_separable, window_attributes, 2};
}

Op inverted_residual_op() {
  return {"inverted_residual",
          check_separable,
          params_separable,
          reference_separable,
          algorithm_separable,
          flops_separable,
          std::string(window_attributes) + " expanded",
          3};
}

}  // namespace tenfold::dsl
