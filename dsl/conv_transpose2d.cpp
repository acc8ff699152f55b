// conv_transpose2d: transposed convolution, each phase of the output a dense convolution of its own
// (dsl/transpose_side.h). Funcs: "acc" {k, x, y, phase x, phase y, n} over the reduction {c in
// group, tap x, tap y}; x and y count whole phases.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/transpose_side.h"

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
  Halide::Expr input, tap;
};

/// Where tap j of a phase reads along one side, and which row or column of the kernel it is.
Along along(const TransposeSide& s, const Halide::Expr& whole, const Halide::Expr& phase,
            const Halide::Expr& j) {
  const int phases = static_cast<int>(s.phases()), step = static_cast<int>(s.step());
  const Halide::Expr first = s.step() % s.phases() == 1 || phases == 1
                                 ? phase
                                 : (phase * static_cast<int>(s.multiplier())) % phases;
  const Halide::Expr shift = step == 1 ? Halide::Expr(0) : (phase - first * step) / phases;
  return {whole + shift - j * step, first + j * phases};
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const TransposeSide h = transpose_height(task), w = transpose_width(task);
  const int groups = static_cast<int>(task.attrs.get_int("groups", 1));
  const int group_c = static_cast<int>(task.inputs[0].dims[3]) / groups,
            group_k = static_cast<int>(task.outputs[0].dims[3]) / groups;
  const auto [low_y, high_y] = h.range();
  const auto [low_x, high_x] = w.range();
  bool masked = false;
  const Halide::Func load = padded_load(
      task, binding,
      {.top = -low_y, .left = -low_x, .bottom = high_y - h.in + 1, .right = high_x - w.in + 1},
      &masked);
  if (masked || !task.prologue.empty()) result.funcs["load"] = load;

  const Halide::Var k("k"), x("x"), y("y"), n("n"), px("px"), py("py");
  Halide::RDom taps(
      {{0, group_c}, {0, static_cast<int>(w.taps_each())}, {0, static_cast<int>(h.taps_each())}},
      "taps");
  const Along row = along(h, y, py, taps[2]), column = along(w, x, px, taps[1]);
  // A phase may have one tap fewer than others; the index stays inside the weights.
  if (h.kernel % h.phases() != 0) taps.where(row.tap < static_cast<int>(h.kernel));
  if (w.kernel % w.phases() != 0) taps.where(column.tap < static_cast<int>(w.kernel));
  const Halide::Expr group = groups == 1 ? Halide::Expr(0) : k / group_k;
  const Halide::Expr channel = groups == 1 ? Halide::Expr(taps[0]) : group * group_c + taps[0];
  const Halide::Expr tap_y =
      h.kernel % h.phases() == 0 ? row.tap : Halide::min(row.tap, static_cast<int>(h.kernel) - 1);
  const Halide::Expr tap_x = w.kernel % w.phases() == 0
                                 ? column.tap
                                 : Halide::min(column.tap, static_cast<int>(w.kernel) - 1);
  Halide::Func acc("acc");
  acc(k, x, y, px, py, n) = 0.0f;
  acc(k, x, y, px, py, n) +=
      load(channel, column.input, row.input, n) *
      binding.param_at(0, {channel, groups == 1 ? Halide::Expr(k) : k % group_k, tap_y, tap_x});
  result.funcs["acc"] = acc;
  result.reduction = taps;

  const auto split = [](const TransposeSide& s, const Halide::Var& o) {
    const Halide::Expr u = (o + static_cast<int>(s.before)) / static_cast<int>(s.common());
    return std::pair{u / static_cast<int>(s.phases()), u % static_cast<int>(s.phases())};
  };
  const auto [whole_x, phase_x] = split(w, x);
  const auto [whole_y, phase_y] = split(h, y);
  Halide::Expr value = acc(k, whole_x, whole_y, phase_x, phase_y, n);
  for (const auto& [side, o] : {std::pair{h, y}, std::pair{w, x}})
    if (side.common() > 1)
      value = Halide::select(
          (o + static_cast<int>(side.before)) % static_cast<int>(side.common()) == 0, value, 0.0f);
  finish(result, task, binding, {k, x, y, n}, value);
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
  return {"conv_transpose2d", check_conv_transpose, weights, reference, algorithm, flops_of};
}

}  // namespace tenfold::dsl
