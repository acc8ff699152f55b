// deform_conv2d: convolution whose taps are moved by computed offsets and, in version 2, weighted
// by a computed mask. Funcs: "sample" {c, tap, x, y, n}: the moved tap (row-major in the kernel),
// bilinear, zero outside the image;
//        "acc" {k, x, y, n} over the reduction {c in group, tap}.
#include <cmath>

#include "dsl/deform_shape_halide.h"
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"

namespace tenfold::dsl {
namespace {

Status check_deform(const Task& task) {
  TENFOLD_CHECK(check_views(task, has_deform_mask(task) ? 3 : 2, 4));
  TENFOLD_CHECK(check_window(task));
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  for (const char* name : {"groups", "offset_groups"}) {
    TENFOLD_CHECK(check_attr(task, name, 1, 1, in[3]));
    TENFOLD_CHECK(rule(in[3] % task.attrs.get_int(name, 1) == 0, task,
                       std::to_string(in[3]) + " channels do not divide into " + name));
  }
  const DeformShape s = deform_shape(task);
  TENFOLD_CHECK(rule(out[3] % s.groups == 0, task,
                     std::to_string(out[3]) + " output channels do not divide into groups"));
  for (int i = 1; i <= (s.masked ? 2 : 1); ++i) {
    const Dims want{out[0], out[1], out[2], s.offset_groups * s.taps * (i == 1 ? 2 : 1)};
    TENFOLD_CHECK(rule(task.inputs[i].dims == want, task,
                       std::string(i == 1 ? "offsets" : "the mask") + " must be " +
                           to_string(want) + ", is " + to_string(task.inputs[i].dims)));
  }
  return {};
}

std::vector<Param> weights(const Task& task) {
  const DeformShape s = deform_shape(task);
  return {{"weights", {task.outputs[0].dims[3], s.group_c, s.w.kernel_h, s.w.kernel_w}}};
}

/// Bilinear value at (y, x); pixels outside of the image are zero.
double sampled(const Values& image, int64_t n, double y, double x, int64_t c) {
  const int64_t height = image.dims[1], width = image.dims[2];
  const double y0 = std::floor(y), x0 = std::floor(x);
  double sum = 0;
  for (int dy = 0; dy < 2; ++dy)
    for (int dx = 0; dx < 2; ++dx) {
      const double row = y0 + dy, column = x0 + dx;
      if (row < 0 || row >= static_cast<double>(height) || column < 0 ||
          column >= static_cast<double>(width))
        continue;
      sum += (1 - std::abs(y - row)) * (1 - std::abs(x - column)) *
             image.at({n, static_cast<int64_t>(row), static_cast<int64_t>(column), c});
    }
  return sum;
}

/// out[n,y,x,k] = sum over c,r,s of weights[k,c,r,s] * mask[n,y,x,g*R*S + r*S + s] * in(n,
/// y*stride_h - pad_top + r*dilation_h + dy, x*stride_w - pad_left + s*dilation_w + dx, c), dy and
/// dx being channels 2*(g*R*S + r*S + s) and one more of the offsets, g the offset group of c,
/// in(...) the bilinear interpolation with zeros outside of the image. Shapes: in {N,H,W,C},
/// offsets {N,OH,OW,offset_groups*R*S*2}, mask {N,OH,OW,offset_groups*R*S} (optional), weights
/// {K,C/groups,R,S}, out {N,OH,OW,K}. float32. Errors: invalid_shape when they do not fit. Source:
/// Dai et al. 2017; Zhu et al. 2019 (mask); ONNX's DeformConv.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values> params,
               std::span<Values> outputs) {
  const DeformShape s = deform_shape(task);
  const Values &in = inputs[0], &offsets = inputs[1];
  Values& out = outputs[0];
  const int64_t channels = in.dims[3];
  std::vector<double> samples(channels * s.taps);
  for (int64_t n = 0; n < out.dims[0]; ++n)
    for (int64_t y = 0; y < out.dims[1]; ++y)
      for (int64_t x = 0; x < out.dims[2]; ++x) {
        for (int64_t c = 0; c < channels; ++c)
          for (int64_t tap = 0; tap < s.taps; ++tap) {
            const int64_t moved = c / s.offset_c * s.taps + tap;
            const double at_y = static_cast<double>(y * s.w.stride_h - s.w.pad_top +
                                                    tap / s.w.kernel_w * s.w.dilation_h) +
                                offsets.at({n, y, x, 2 * moved});
            const double at_x = static_cast<double>(x * s.w.stride_w - s.w.pad_left +
                                                    tap % s.w.kernel_w * s.w.dilation_w) +
                                offsets.at({n, y, x, 2 * moved + 1});
            samples[c * s.taps + tap] =
                sampled(in, n, at_y, at_x, c) * (s.masked ? inputs[2].at({n, y, x, moved}) : 1);
          }
        for (int64_t k = 0; k < out.dims[3]; ++k) {
          const double* w = &params[0].data[k * s.group_c * s.taps];
          const double* from = &samples[k / s.group_k * s.group_c * s.taps];
          double sum = 0;
          for (int64_t i = 0; i < s.group_c * s.taps; ++i) sum += w[i] * from[i];
          out.at({n, y, x, k}) = sum;
        }
      }
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  using Halide::Expr;
  Algorithm result;
  const DeformShape s = deform_shape(task);
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  const int kernel_w = whole(s.w.kernel_w);
  const Halide::Var c("c"), tap("tap"), k("k"), x("x"), y("y"), n("n");

  const Expr offset_group = s.offset_groups == 1 ? Expr(0) : c / whole(s.offset_c);
  Halide::Func sample("sample"), acc("acc");
  sample(c, tap, x, y, n) =
      sampled_at(task, binding, corners_at(task, binding, tap, offset_group, x, y, n), c, n);

  const Halide::RDom r(0, whole(s.group_c), 0, whole(s.taps), "r");
  const Expr channel = s.groups == 1 ? Expr(r.x) : k / whole(s.group_k) * whole(s.group_c) + r.x;
  acc(k, x, y, n) = 0.0f;
  acc(k, x, y, n) +=
      sample(channel, r.y, x, y, n) * binding.param_at(0, {k, r.x, r.y / kernel_w, r.y % kernel_w});
  result.funcs = {{"sample", sample}, {"acc", acc}};
  result.reduction = r;
  finish(result, task, binding, {k, x, y, n}, acc(k, x, y, n));
  return result;
}

double flops_of(const Task& task) {
  const DeformShape s = deform_shape(task);
  const double pixels = static_cast<double>(task.outputs[0].dims[0] * task.outputs[0].dims[1] *
                                            task.outputs[0].dims[2]);
  return pixels * static_cast<double>(s.taps) *
         (2.0 * static_cast<double>(task.outputs[0].dims[3] * s.group_c) +
          8.0 * static_cast<double>(task.inputs[0].dims[3]));
}

}  // namespace

Op deform_conv2d_op() {
  return {"deform_conv2d",
          check_deform,
          weights,
          reference,
          algorithm,
          flops_of,
          std::string(window_attributes) + " groups offset_groups"};
}

}  // namespace tenfold::dsl
