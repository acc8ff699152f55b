// Lowering of functions of one tensor: activations, Clip, PRelu. Their shape rule is shape_same.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/edit.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

using Values = std::vector<double>;

struct Plain {
  const char* onnx;
  const char* kind;
};
// What maps onto one stage kind without numbers.
constexpr Plain plain[] = {
    {"Relu", "relu"},   {"Sigmoid", "sigmoid"},   {"Tanh", "tanh"},   {"HardSwish", "hard_swish"},
    {"Mish", "mish"},   {"Softplus", "softplus"}, {"Erf", "erf"},     {"Exp", "exp"},
    {"Log", "log"},     {"Sqrt", "sqrt"},         {"Abs", "abs"},     {"Neg", "neg"},
    {"Floor", "floor"}, {"Ceil", "ceil"},         {"Round", "round"}, {"Reciprocal", "reciprocal"},
};

TensorId stage(Lowering& op, const char* kind, TensorId x, Values values = {}) {
  Lowering::Attrs attrs;
  if (!values.empty()) attrs["values"] = std::move(values);
  return op.emit(kind, {x}, op.result_dims(), std::move(attrs));
}

void finish(Lowering& op, const char* kind, TensorId x, Values values = {}) {
  Lowering::Attrs attrs;
  if (!values.empty()) attrs["values"] = std::move(values);
  op.result(kind, {x}, std::move(attrs));
}

struct Range {
  double low = std::numeric_limits<float>::lowest(), high = std::numeric_limits<float>::max();
};

Result<Range> clip_range(const OpView& op) {
  Range range;
  const auto finite = [](double v) {
    return std::clamp(v, -3.4028234663852886e38, 3.4028234663852886e38);
  };
  range.low = finite(op.node().attr_float("min", range.low));
  range.high = finite(op.node().attr_float("max", range.high));
  for (size_t i : {size_t{1}, size_t{2}})
    if (op.has(i)) {
      TENFOLD_TRY(const Values value, op.floats(i));
      if (value.size() != 1 || std::isnan(value[0])) return broken("a bound is no number");
      (i == 1 ? range.low : range.high) = finite(value[0]);
    }
  range.low = std::min(range.low, range.high);  // max wins where they cross, as in numpy.clip
  return range;
}

constexpr double selu_alpha = 1.67326319217681884765625, selu_gamma = 1.05070102214813232421875;

}  // namespace

Status limit_unary(const OpView& op) {
  const std::string& name = op.node().op;
  const std::string approximate = op.node().attr_string("approximate", "none");
  if (name == "Gelu" && approximate != "none" && approximate != "tanh")
    return refused("approximate = " + approximate);
  if (name == "Celu" && op.node().attr_float("alpha", 1) == 0) return broken("alpha is 0");
  return {};
}

Status lower_unary(Lowering& op) {
  const std::string& name = op.node().op;
  const TensorId x = op.input(0);
  const auto number = [&op](const char* attr, double otherwise) {
    return op.node().attr_float(attr, otherwise);
  };
  for (const Plain& row : plain)
    if (name == row.onnx) {
      finish(op, row.kind, x);
      return {};
    }
  if (name == "Gelu") {
    finish(op, op.node().attr_string("approximate", "none") == "tanh" ? "gelu_tanh" : "gelu", x);
  } else if (name == "LeakyRelu") {
    finish(op, "leaky_relu", x, {number("alpha", 0.01)});
  } else if (name == "Elu") {
    finish(op, "elu", x, {number("alpha", 1)});
  } else if (name == "HardSigmoid") {
    finish(op, "hard_sigmoid", x, {number("alpha", 0.2), number("beta", 0.5)});
  } else if (name == "Selu") {
    const double alpha = number("alpha", selu_alpha), gamma = number("gamma", selu_gamma);
    if (std::abs(alpha - selu_alpha) < 1e-6 && std::abs(gamma - selu_gamma) < 1e-6)
      finish(op, "selu", x);
    else
      finish(op, "affine", stage(op, "elu", x, {alpha}), {gamma, 0});
  } else if (name == "Celu") {  // alpha * elu(x / alpha)
    const double alpha = number("alpha", 1);
    finish(op, "affine", stage(op, "elu", stage(op, "affine", x, {1 / alpha, 0}), {1}), {alpha, 0});
  } else if (name == "Swish") {  // x * sigmoid(alpha * x)
    const double alpha = number("alpha", 1);
    if (alpha == 1)
      finish(op, "silu", x);
    else
      op.result("mul", {x, stage(op, "sigmoid", stage(op, "affine", x, {alpha, 0}))});
  } else {  // Softsign: x / (1 + |x|)
    op.result("div", {x, stage(op, "affine", stage(op, "abs", x), {1, 1})});
  }
  return {};
}

Status shape_clip(OpView& op) {
  return shape_same(op);
}

Status limit_clip(const OpView& op) {
  TENFOLD_CHECK(clip_range(op));
  return {};
}

Status lower_clip(Lowering& op) {
  TENFOLD_TRY(const Range range, clip_range(op));
  const Range open;
  if (range.low == 0 && range.high == open.high)
    finish(op, "relu", op.input(0));
  else if (range.low == open.low && range.high == open.high)
    op.alias(op.input(0));
  else
    finish(op, "clip", op.input(0), {range.low, range.high});
  return {};
}

Status shape_prelu(OpView& op) {
  TENFOLD_TRY(const Dims dims, broadcast(op.dims(0), op.dims(1)));
  if (dims != op.dims(0))
    return broken("slope " + to_string(op.dims(1)) + " does not broadcast to " +
                  to_string(op.dims(0)));
  return op.set(0, op.in(0).type, dims);
}

namespace {

/// The slopes are one number a channel, dim 1 of x.
bool is_by_channel(const OpView& op) {
  Dims wanted(op.rank(0) > 2 ? op.rank(0) - 1 : 1, 1);
  wanted[0] = op.rank(0) > 1 ? op.dims(0)[1] : op.dims(0)[0];
  Dims slope = op.dims(1);
  while (slope.size() > wanted.size() && slope[0] == 1) slope.erase(slope.begin());
  return slope == wanted;
}

/// max(x, 0) + slope * min(x, 0)
void finish_general_prelu(Lowering& op) {
  const Dims x = op.dims(0);
  Dims slope = op.dims(1);
  slope.insert(slope.begin(), x.size() - slope.size(), 1);
  const TensorId rest = op.emit("clip", {op.input(0)}, x,
                                {{"values", Values{std::numeric_limits<float>::lowest(), 0}}});
  const TensorId scaled = op.emit("mul", {rest, op.reshape(op.input(1), slope)}, x);
  op.result("add", {op.emit("relu", {op.input(0)}, x), scaled});
}

}  // namespace

Status lower_prelu(Lowering& op) {
  if (!op.is_constant(1) || (op.in(1).constant->elements() != 1 && !is_by_channel(op))) {
    finish_general_prelu(op);
    return {};
  }
  const Values slope = constant_values(op.in(1));
  if (std::ranges::all_of(slope, [&](double v) { return v == slope[0]; }))
    finish(op, "leaky_relu", op.input(0), {slope[0]});
  else
    finish_channel_stage(op, "prelu", op.input(0), {slope});
  return {};
}

}  // namespace tenfold::graph
