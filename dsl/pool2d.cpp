// max_pool2d, avg_pool2d, lp_pool2d: one number from each window of pixels. Padding takes no part
// in a maximum, so these mask what lies outside and never read a halo. Funcs: "acc" {c, x, y, n}
// over the reduction {s, r}, taps along x and y.
#include <cmath>
#include <limits>

#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/pool_window.h"
#include "dsl/rules.h"
#include "dsl/values.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

constexpr float lowest = std::numeric_limits<float>::lowest();

bool counts_padding(const Task& task) {
  return task.attrs.get_int("count_include_pad", 0) == 1;
}

Status check_avg(const Task& task) {
  TENFOLD_CHECK(check_attr(task, "count_include_pad", 0, 0, 1));
  return check_pool(task);
}

Status check_lp(const Task& task) {
  const double p = task.attrs.get("p", 2);
  TENFOLD_CHECK(rule(p >= 1 && p <= 64, task, "p=" + number_text(p) + " must lie from 1 to 64"));
  return check_pool(task);
}

int64_t counted(const PoolSide& s, int64_t o, bool with_padding) {
  int64_t count = 0;
  for (int64_t t = 0; t < s.kernel; ++t) {
    const int64_t at = o * s.stride - s.before + t * s.dilation;
    if (with_padding ? at < s.in + s.after - s.ceil : at >= 0 && at < s.in) ++count;
  }
  return count;
}

/// max: the largest x[n, y*stride_h - pad_top + r*dilation_h, ..., c] over the window's pixels
/// inside the input. avg: their sum divided by their count, or, with count_include_pad, by the
/// count of all but ceil mode's pixels. lp: (sum of |x|^p)^(1/p). Shapes: x {N,H,W,C}, out
/// {N,OH,OW,C}. float32. Errors: invalid_shape when the window does not fit.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  Values& out = outputs[0];
  const PoolSide h = pool_height(task), w = pool_width(task);
  const double p = task.attrs.get("p", 2);
  for_each_index(out.dims, [&](const Dims& at) {
    double largest = lowest, sum = 0;
    for (int64_t r = 0; r < h.kernel; ++r)
      for (int64_t s = 0; s < w.kernel; ++s) {
        const int64_t iy = at[1] * h.stride - h.before + r * h.dilation;
        const int64_t ix = at[2] * w.stride - w.before + s * w.dilation;
        if (iy < 0 || iy >= h.in || ix < 0 || ix >= w.in) continue;
        const double value = x.data[position(x.dims, {at[0], iy, ix, at[3]})];
        largest = std::max(largest, value);
        sum += task.op == "lp_pool2d" ? std::pow(std::abs(value), p) : value;
      }
    double& to = out.data[position(out.dims, at)];
    if (task.op == "max_pool2d") to = largest;
    if (task.op == "lp_pool2d") to = std::pow(sum, 1 / p);
    if (task.op != "avg_pool2d") return;
    const bool all = counts_padding(task);
    to = sum /
         static_cast<double>(std::max<int64_t>(counted(h, at[1], all) * counted(w, at[2], all), 1));
  });
}

/// How many taps of output o lie in [low, high).
Halide::Expr taps_between(const PoolSide& s, const Halide::Expr& o, int64_t low, int64_t high) {
  const int kernel = static_cast<int>(s.kernel), dilation = static_cast<int>(s.dilation);
  const Halide::Expr first = o * static_cast<int>(s.stride) - static_cast<int>(s.before);
  const Halide::Expr from = (static_cast<int>(low) - first + dilation - 1) / dilation;
  const Halide::Expr to = (static_cast<int>(high) - first + dilation - 1) / dilation;
  return Halide::clamp(to, 0, kernel) - Halide::clamp(from, 0, kernel);
}

Halide::Expr count_of(const PoolSide& s, const Halide::Expr& o, bool with_padding) {
  if (with_padding && s.ceil == 0) return static_cast<int>(s.kernel);
  if (!with_padding && s.inside()) return static_cast<int>(s.kernel);
  if (with_padding) return taps_between(s, o, -s.before, s.in + s.after - s.ceil);
  return taps_between(s, o, 0, s.in);
}

/// x at a tap, or `otherwise` outside of the input.
Halide::Expr tap(const Task& task, const Binding& binding, const std::vector<Halide::Var>& vars,
                 const Halide::RDom& window, float otherwise) {
  using Halide::likely;
  const PoolSide h = pool_height(task), w = pool_width(task);
  const auto along = [](const PoolSide& s, const Halide::Var& o, const Halide::RVar& t) {
    return o * static_cast<int>(s.stride) + t * static_cast<int>(s.dilation) -
           static_cast<int>(s.before);
  };
  Halide::Expr x = along(w, vars[1], window.x), y = along(h, vars[2], window.y);
  if (w.inside() && h.inside()) return anchor_input(task, binding, {vars[0], x, y, vars[3]});
  const auto inside = [](const PoolSide& s, Halide::Expr& at) {
    if (s.inside()) return Halide::Internal::const_true();
    const int last = static_cast<int>(s.in) - 1;
    const Halide::Expr within = at >= 0 && at <= last;
    at = Halide::clamp(likely(at), 0, last);
    return within;
  };
  const Halide::Expr in_row = inside(w, x), in_column = inside(h, y);
  // One select a side, and the value likely instead of the conditions: see docs/halide-traps.md.
  const Halide::Expr row = Halide::select(
      in_row, likely(anchor_input(task, binding, {vars[0], x, y, vars[3]})), otherwise);
  return Halide::select(in_column, likely(row), otherwise);
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const PoolSide h = pool_height(task), w = pool_width(task);
  const Halide::RDom window(0, static_cast<int>(w.kernel), 0, static_cast<int>(h.kernel), "r");
  const bool is_max = task.op == "max_pool2d";
  const double p = task.attrs.get("p", 2);

  Halide::Expr x = tap(task, binding, vars, window, is_max ? lowest : 0.0f);
  if (task.op == "lp_pool2d")
    x = p == 1 ? Halide::abs(x) : p == 2 ? x * x : function("pow", Halide::abs(x), {p});
  Halide::Func acc("acc");
  acc(vars) = is_max ? lowest : 0.0f;
  acc(vars) = is_max ? Halide::max(acc(vars), x) : acc(vars) + x;
  result.funcs["acc"] = acc;
  result.reduction = window;

  Halide::Expr value = acc(vars);
  if (task.op == "lp_pool2d" && p != 1) value = function("pow", value, {1 / p});
  if (task.op == "avg_pool2d") {
    const bool all = counts_padding(task);
    const Halide::Expr count = count_of(h, vars[2], all) * count_of(w, vars[1], all);
    value = value * (1.0f / Halide::cast<float>(Halide::max(count, 1)));
  }
  finish(result, task, binding, vars, value);
  return result;
}

double flops_of(const Task& task) {
  return static_cast<double>(*volume(task.outputs[0].dims) * pool_height(task).kernel *
                             pool_width(task).kernel);
}

}  // namespace

Op max_pool2d_op() {
  return {"max_pool2d",
          check_pool,
          no_params,
          reference,
          algorithm,
          flops_of,
          std::string(window_attributes) + " ceil_h ceil_w"};
}
Op avg_pool2d_op() {
  return {"avg_pool2d",
          check_avg,
          no_params,
          reference,
          algorithm,
          flops_of,
          std::string(window_attributes) + " ceil_h ceil_w count_include_pad"};
}
Op lp_pool2d_op() {
  return {"lp_pool2d",
          check_lp,
          no_params,
          reference,
          algorithm,
          flops_of,
          std::string(window_attributes) + " ceil_h ceil_w p"};
}

}  // namespace tenfold::dsl
