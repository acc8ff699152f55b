// conv_transpose2d: transposed convolution, each phase of the output a dense convolution of its own
// (dsl/transpose_side.h). Funcs: "acc" {k, x, y, phase x, phase y, n} over the reduction {c in
// group, tap x, tap y}; x and y count whole phases.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/transpose_side.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

constexpr int64_t most = 1 << 16;

Status check_side(const Task& task, const TransposeSide& s, const std::string& name) {
  const int64_t full = (s.in - 1) * s.stride + s.dilation * (s.kernel - 1) + 1 + s.output_pad;
  TENFOLD_CHECK(rule(full - s.before - s.after == s.out, task,
                     "the output's " + name + " must be " +
                         std::to_string(full - s.before - s.after) + ", is " +
                         std::to_string(s.out)));
  return rule(
      s.output_pad < std::max(s.stride, s.dilation), task,
      "output padding " + std::to_string(s.output_pad) + " must be less than stride or dilation");
}

Status check_conv_transpose(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  for (const char* name :
       {"kernel_h", "kernel_w", "stride_h", "stride_w", "dilation_h", "dilation_w"})
    TENFOLD_CHECK(check_attr(task, name, 1, 1, most));
  for (const char* name :
       {"pad_top", "pad_left", "pad_bottom", "pad_right", "output_pad_h", "output_pad_w"})
    TENFOLD_CHECK(check_attr(task, name, 0, 0, most));
  TENFOLD_CHECK(check_attr(task, "groups", 1, 1, most));
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  const int64_t groups = task.attrs.get_int("groups", 1);
  TENFOLD_CHECK(rule(in[3] % groups == 0 && out[3] % groups == 0, task,
                     std::to_string(in[3]) + " and " + std::to_string(out[3]) +
                         " channels do not divide into " + std::to_string(groups) + " groups"));
  TENFOLD_CHECK(rule(in[0] == out[0], task, "batch must not change"));
  TENFOLD_CHECK(rule(in[1] < most * 16 && in[2] < most * 16, task, "the input is too large"));
  TENFOLD_CHECK(check_side(task, transpose_height(task), "height"));
  return check_side(task, transpose_width(task), "width");
}

std::vector<Param> weights(const Task& task) {
  const int64_t groups = task.attrs.get_int("groups", 1);
  return {{"weights",
           {task.inputs[0].dims[3], task.outputs[0].dims[3] / groups, transpose_height(task).kernel,
            transpose_width(task).kernel}}};
}

/// out[n, i*stride_h + r*dilation_h - pad_top, j*stride_w + s*dilation_w - pad_left, k] +=
/// x[n,i,j,c] * weights[c,k,r,s] over all i, j, r, s and the c of k's group. Shapes: x {N,H,W,C},
/// weights {C,K/groups,R,S}, out {N,OH,OW,K}. float32. Errors: invalid_shape when the output's
/// extents are not (in-1)*stride + dilation*(kernel-1) + 1 + output_pad - pads. Source: ONNX's
/// ConvTranspose.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values> params,
               std::span<Values> outputs) {
  const Values &x = inputs[0], &w = params[0];
  Values& out = outputs[0];
  const TransposeSide h = transpose_height(task), v = transpose_width(task);
  const int64_t groups = task.attrs.get_int("groups", 1);
  const int64_t channels = x.dims[3], each = w.dims[1], all = out.dims[3];
  const double* value = x.data.data();
  for (int64_t n = 0; n < x.dims[0]; ++n)
    for (int64_t i = 0; i < h.in; ++i)
      for (int64_t j = 0; j < v.in; ++j)
        for (int64_t c = 0; c < channels; ++c, ++value)
          for (int64_t r = 0; r < h.kernel; ++r)
            for (int64_t s = 0; s < v.kernel; ++s) {
              const int64_t oy = i * h.stride + r * h.dilation - h.before,
                            ox = j * v.stride + s * v.dilation - v.before;
              if (oy < 0 || oy >= h.out || ox < 0 || ox >= v.out) continue;
              double* to =
                  &out.data[((n * h.out + oy) * v.out + ox) * all + c / (channels / groups) * each];
              for (int64_t k = 0; k < each; ++k)
                to[k] += *value * w.data[((c * each + k) * h.kernel + r) * v.kernel + s];
            }
}

struct Along {
  Halide::Expr input, tap, taken;
};

/// Where tap number j of a place reads along one side, which row or column of the kernel it is, and
/// whether there is one.
Along along(const TransposeSide& s, const Halide::Expr& w, const Halide::Expr& q,
            const Halide::Expr& j) {
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  const int phases = whole(s.phases()), step = whole(s.step());
  const Halide::Expr u = (q + whole(s.before)) / whole(s.common()), p = u % phases;
  const Halide::Expr first = s.multiplier() == 1 ? p : p * whole(s.multiplier()) % phases;
  const Halide::Expr shift = step == 1 ? Halide::Expr(0) : (p - first * step) / phases;
  Halide::Expr taken = Halide::Internal::const_true();
  if (s.common() > 1) taken = (q + whole(s.before)) % whole(s.common()) == 0;
  if (s.kernel % s.phases() != 0) taken = taken && first + j * phases < whole(s.kernel);
  return {w + u / phases + shift - j * step, first + j * phases, taken};
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const TransposeSide h = transpose_height(task), w = transpose_width(task);
  const int groups = static_cast<int>(task.attrs.get_int("groups", 1));
  const int group_c = static_cast<int>(task.inputs[0].dims[3]) / groups,
            group_k = static_cast<int>(task.outputs[0].dims[3]) / groups;
  bool masked = false;
  const Halide::Func load = padded_load(task, binding, transpose_reach(task), &masked);
  if (masked || !task.prologue.empty()) result.funcs["load"] = load;

  const Halide::Var k("k"), x("x"), y("y"), n("n"), qx("qx"), qy("qy");
  Halide::RDom taps(
      {{0, group_c}, {0, static_cast<int>(w.taps_each())}, {0, static_cast<int>(h.taps_each())}},
      "taps");
  const Along row = along(h, y, qy, taps[2]), column = along(w, x, qx, taps[1]);
  for (const Along& side : {row, column})
    if (!Halide::Internal::is_const_one(side.taken)) taps.where(side.taken);
  const Halide::Expr group = groups == 1 ? Halide::Expr(0) : k / group_k;
  const Halide::Expr channel = groups == 1 ? Halide::Expr(taps[0]) : group * group_c + taps[0];
  // Where a place has fewer taps than others, the index stays inside the weights all the same.
  const auto kernel_at = [](const TransposeSide& s, const Halide::Expr& tap) {
    return s.kernel % s.phases() == 0 ? tap : Halide::min(tap, static_cast<int>(s.kernel) - 1);
  };
  Halide::Func acc("acc");
  acc(k, x, y, qx, qy, n) = 0.0f;
  acc(k, x, y, qx, qy, n) +=
      load(channel, column.input, row.input, n) *
      binding.param_at(0, {channel, groups == 1 ? Halide::Expr(k) : k % group_k,
                           kernel_at(h, row.tap), kernel_at(w, column.tap)});
  result.funcs["acc"] = acc;
  result.reduction = taps;

  const int stride_x = static_cast<int>(w.stride), stride_y = static_cast<int>(h.stride);
  finish(result, task, binding, {k, x, y, n},
         acc(k, x / stride_x, y / stride_y, x % stride_x, y % stride_y, n));
  return result;
}

double flops_of(const Task& task) {
  const int64_t groups = task.attrs.get_int("groups", 1);
  return 2.0 * static_cast<double>(*volume(task.inputs[0].dims)) *
         static_cast<double>(task.outputs[0].dims[3] / groups) *
         static_cast<double>(transpose_height(task).kernel * transpose_width(task).kernel);
}

}  // namespace

Op conv_transpose2d_op() {
  return {"conv_transpose2d",
          check_conv_transpose,
          weights,
          reference,
          algorithm,
          flops_of,
          std::string(window_attributes) + " groups output_pad_h output_pad_w"};
}

}  // namespace tenfold::dsl
