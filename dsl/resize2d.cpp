// resize2d: nearest, linear and cubic resampling with ONNX's coordinate modes.
// Funcs: "across" {c, x, y of the input, n}: the input interpolated along x, where the mode
// interpolates.
#include <cmath>

#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/resize_side.h"
#include "dsl/rules.h"

namespace tenfold::dsl {
namespace {

enum Mode { nearest, linear, cubic };
enum Rounding { round_prefer_floor, round_prefer_ceil, down, up };

Mode mode_of(const Task& task) {
  return static_cast<Mode>(task.attrs.get_int("mode", nearest));
}

Status check_resize(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  TENFOLD_CHECK(check_attr(task, "mode", 0, 0, 2));
  TENFOLD_CHECK(check_attr(task, "coordinate", 0, 0, 5));
  TENFOLD_CHECK(check_attr(task, "nearest", 0, 0, 3));
  TENFOLD_CHECK(check_attr(task, "exclude_outside", 0, 0, 1));
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  for (const auto& [name, dim] : {std::pair{"scale_h", 1}, std::pair{"scale_w", 2}}) {
    const double ratio = static_cast<double>(out[dim]) / static_cast<double>(in[dim]);
    const double scale = task.attrs.get(name, ratio);
    TENFOLD_CHECK(
        rule(scale >= 1.0 / 65536 && scale <= 65536, task,
             std::string(name) + "=" + number_text(scale) + " must lie from 1/65536 to 65536"));
    if (const auto side = resize_side(task, dim); !side) return side.error();
  }
  return rule(in[0] == out[0] && in[3] == out[3], task,
              "batch and channels must not change: " + to_string(in) + " to " + to_string(out));
}

// The reference's coordinates: the specification's formulas, rounded to float where a model's float
// scale enters.
double source_of(const Task& task, int dim, int64_t o) {
  const double in = static_cast<double>(task.inputs[0].dims[dim]);
  const double out = static_cast<double>(task.outputs[0].dims[dim]);
  const double scale = task.attrs.get(dim == 1 ? "scale_h" : "scale_w", out / in);
  const double half = static_cast<float>((static_cast<double>(o) + 0.5) / scale) - 0.5;
  switch (task.attrs.get_int("coordinate", 0)) {
    case 1:
      return static_cast<float>(static_cast<double>(o) / scale);
    case 2:
      return out > 1 ? static_cast<double>(o) * (in - 1) / (out - 1) : 0;
    case 3:
      return out > 1 ? half : 0;
    case 4:
      return (in - 1) / 2 + static_cast<float>((static_cast<double>(o) + 0.5 - out / 2) / scale);
    case 5:
      return half + 0.5;
    default:
      return half;
  }
}

struct Tap {
  int64_t index;
  double weight;
};

double cubic_weight(double distance, double a) {
  const double d = std::abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

std::vector<Tap> reference_taps(const Task& task, int dim, int64_t o) {
  const int64_t last = task.inputs[0].dims[dim] - 1;
  const double x = source_of(task, dim, o);
  const auto inside = [last](double index) {
    return static_cast<int64_t>(std::min(std::max(index, 0.0), static_cast<double>(last)));
  };
  if (mode_of(task) == nearest) {
    switch (task.attrs.get_int("nearest", round_prefer_floor)) {
      case round_prefer_ceil:
        return {{inside(std::floor(x + 0.5)), 1}};
      case down:
        return {{inside(std::floor(x)), 1}};
      case up:
        return {{inside(std::ceil(x)), 1}};
      default:
        return {{inside(std::ceil(x - 0.5)), 1}};
    }
  }
  const double base = std::floor(x);
  if (mode_of(task) == linear)
    return {{inside(base), 1 - (x - base)}, {inside(base + 1), x - base}};
  const bool exclude = task.attrs.get_int("exclude_outside", 0) == 1;
  std::vector<Tap> taps;
  double total = 0;
  for (int t = -1; t <= 2; ++t) {
    const double index = base + t;
    const bool outside = index < 0 || index > static_cast<double>(last);
    const double weight =
        exclude && outside ? 0 : cubic_weight(x - index, task.attrs.get("cubic_a", -0.75));
    taps.push_back({inside(index), weight});
    total += weight;
  }
  if (exclude)
    for (Tap& tap : taps) tap.weight /= total;
  return taps;
}

/// out[n,y,x,c] = sum over taps i of y, j of x: weight_i * weight_j * in[n, index_i, index_j, c].
/// Nearest has one tap of weight 1, linear two, cubic four (Keys 1981, with a = cubic_a). Shapes:
/// in {N,H,W,C}, out {N,OH,OW,C}. float32. Source: ONNX's Resize.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& in = inputs[0];
  const Dims& dims = outputs[0].dims;
  const int64_t channels = dims[3], width = in.dims[2], height = in.dims[1];
  double* to = outputs[0].data.data();
  for (int64_t n = 0; n < dims[0]; ++n)
    for (int64_t y = 0; y < dims[1]; ++y) {
      const std::vector<Tap> rows = reference_taps(task, 1, y);
      for (int64_t x = 0; x < dims[2]; ++x, to += channels)
        for (const Tap& column : reference_taps(task, 2, x))
          for (const Tap& row : rows) {
            const double* from =
                in.data.data() + ((n * height + row.index) * width + column.index) * channels;
            for (int64_t c = 0; c < channels; ++c) to[c] += row.weight * column.weight * from[c];
          }
    }
}

struct HalideTap {
  Halide::Expr index, weight;
};

Halide::Expr number(double value) {
  return static_cast<float>(value);
}

std::vector<HalideTap> taps_of(const Task& task, int dim, const Halide::Var& o) {
  const ResizeSide s = *resize_side(task, dim);
  const int unit = static_cast<int>(s.unit), last = static_cast<int>(s.in) - 1;
  const auto inside = [last](Halide::Expr index) { return Halide::clamp(index, 0, last); };
  const Halide::Expr place = o * static_cast<int>(s.step) + static_cast<int>(s.first);
  if (mode_of(task) == nearest) {
    switch (task.attrs.get_int("nearest", round_prefer_floor)) {
      case round_prefer_ceil:
        return {{inside((place * 2 + unit) / (2 * unit)), {}}};
      case down:
        return {{inside(place / unit), {}}};
      case up:
        return {{inside((place + unit - 1) / unit), {}}};
      default:
        return {{inside((place * 2 + unit - 1) / (2 * unit)), {}}};
    }
  }
  const Halide::Expr base = place / unit;
  const Halide::Expr t =
      Halide::cast<float>(place % unit) * number(1.0 / static_cast<double>(unit));
  if (mode_of(task) == linear) return {{inside(base), 1.0f - t}, {inside(base + 1), t}};

  const double a = task.attrs.get("cubic_a", -0.75);
  const auto near = [a](const Halide::Expr& d) {
    return (number(a + 2) * d - number(a + 3)) * d * d + 1.0f;
  };
  const auto far = [a](const Halide::Expr& d) {
    return ((number(a) * d - number(5 * a)) * d + number(8 * a)) * d - number(4 * a);
  };
  std::vector<HalideTap> taps{{base - 1, far(t + 1.0f)},
                              {base, near(t)},
                              {base + 1, near(1.0f - t)},
                              {base + 2, far(2.0f - t)}};
  Halide::Expr total;
  for (HalideTap& tap : taps) {
    if (task.attrs.get_int("exclude_outside", 0) == 1)
      tap.weight = Halide::select(tap.index >= 0 && tap.index <= last, tap.weight, 0.0f);
    total = total.defined() ? total + tap.weight : tap.weight;
    tap.index = inside(tap.index);
  }
  if (task.attrs.get_int("exclude_outside", 0) == 1)
    for (HalideTap& tap : taps) tap.weight = tap.weight / total;
  return taps;
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const Halide::Var c = vars[0], x = vars[1], y = vars[2], n = vars[3];
  const std::vector<HalideTap> columns = taps_of(task, 2, x), rows = taps_of(task, 1, y);
  Halide::Expr value;
  if (mode_of(task) == nearest) {
    value = anchor_input(task, binding, {c, columns[0].index, rows[0].index, n});
  } else {
    Halide::Func across("across");
    Halide::Expr sum;
    for (const HalideTap& tap : columns) {
      const Halide::Expr term = tap.weight * anchor_input(task, binding, {c, tap.index, y, n});
      sum = sum.defined() ? sum + term : term;
    }
    across(c, x, y, n) = sum;
    for (const HalideTap& tap : rows) {
      const Halide::Expr term = tap.weight * across(c, x, tap.index, n);
      value = value.defined() ? value + term : term;
    }
    result.funcs["across"] = across;
  }
  finish(result, task, binding, vars, value);
  return result;
}

double flops_of(const Task& task) {
  const double taps = mode_of(task) == nearest ? 0 : mode_of(task) == linear ? 4 : 16;
  return 2 * taps * static_cast<double>(*volume(task.outputs[0].dims));
}

}  // namespace

Op resize2d_op() {
  return {"resize2d",
          check_resize,
          no_params,
          reference,
          algorithm,
          flops_of,
          "mode coordinate nearest scale_h scale_w cubic_a exclude_outside"};
}

}  // namespace tenfold::dsl
