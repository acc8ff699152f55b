// Shape rules and lowering of normalisations and softmax.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/convert.h"
#include "graph/edit.h"
#include "graph/fold.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

using Values = std::vector<double>;

Status check_channels(const OpView& op, size_t first, size_t count) {
  if (op.rank(0) < 2) return broken("input of rank " + std::to_string(op.rank(0)));
  for (size_t i = first; i < first + count; ++i)
    if (op.dims(i) != Dims{op.dims(0)[1]})
      return broken("input " + std::to_string(i) + " of shape " + to_string(op.dims(i)) + " for " +
                    std::to_string(op.dims(0)[1]) + " channels");
  return {};
}

Status need_constants(const OpView& op, size_t first) {
  for (size_t i = first; i < op.inputs(); ++i)
    if (op.has(i) && !op.is_constant(i)) return refused("'" + op.in(i).name + "' must be constant");
  return {};
}

/// {N, C, ...} of any rank as {N, C, H, W} with the same order of elements.
Dims channel_image(const Dims& dims) {
  if (dims.size() == 2) return {dims[0], dims[1], 1, 1};
  if (dims.size() == 4) return dims;
  return {dims[0], dims[1], product(dims, 2, dims.size() - 1), dims.back()};
}

constexpr int64_t most_normalised = int64_t{1}
                                    << 24;  // together: so many have a scale of their own

// A constant's numbers for all elements of dims that it broadcasts to.
Values spread(const Tensor& constant, const Dims& dims) {
  return to_doubles(broadcast_array(*constant.constant, dims));
}

// The dims that are normalised together: from `axis` on.
Result<Dims> normal_dims(const OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", -1), op.rank(0)));
  return Dims(op.dims(0).begin() + axis, op.dims(0).end());
}

}  // namespace

void finish_channel_stage(Lowering& op, const std::string& kind, TensorId x,
                          const std::vector<Values>& constants) {
  const Dims dims = op.dims_of(x);
  const Dims image = dims.size() <= 2 ? dims : channel_image(dims);
  std::vector<TensorId> inputs{op.reshape(x, image)};
  for (const Values& values : constants)
    inputs.push_back(op.constant({static_cast<int64_t>(values.size())}, values));
  op.finish(kind, std::move(inputs), image);
}

Status shape_batch_norm(OpView& op) {
  TENFOLD_CHECK(check_channels(op, 1, 4));
  return shape_same(op);
}

Status limit_batch_norm(const OpView& op) {
  if (op.attr("training_mode", 0) != 0) return refused("training mode");
  if (op.attr("spatial", 1) != 1) return refused("spatial = 0");
  TENFOLD_CHECK(need_constants(op, 1));
  const double epsilon = op.node().attr_float("epsilon", 1e-5);
  for (double variance : constant_values(op.in(4)))
    if (!(variance + epsilon > 0)) return broken("a variance of " + std::to_string(variance));
  return {};
}

Status lower_batch_norm(Lowering& op) {
  const Values scale = constant_values(op.in(1)), shift = constant_values(op.in(2));
  const Values mean = constant_values(op.in(3)), variance = constant_values(op.in(4));
  const double epsilon = op.node().attr_float("epsilon", 1e-5);
  Values p(scale.size()), q(scale.size());
  for (size_t c = 0; c < p.size(); ++c) {
    p[c] = scale[c] / std::sqrt(variance[c] + epsilon);
    q[c] = shift[c] - mean[c] * p[c];
  }
  finish_channel_stage(op, "scale_shift", op.input(0), {p, q});
  return {};
}

namespace {

struct Moments {
  Values mean, variance;
};

/// Of each channel of {N, C, ...}; the variance is the population's.
Moments channel_moments(const Values& x, const Dims& dims) {
  const int64_t channels = dims[1], run = product(dims, 2, dims.size());
  const double count = static_cast<double>(dims[0]) * static_cast<double>(run);
  Moments moments{Values(channels, 0), Values(channels, 0)};
  const auto channel = [&](size_t i) { return static_cast<int64_t>(i) / run % channels; };
  for (size_t i = 0; i < x.size(); ++i) moments.mean[channel(i)] += x[i] / count;
  for (size_t i = 0; i < x.size(); ++i) {
    const double off = x[i] - moments.mean[channel(i)];
    moments.variance[channel(i)] += off * off / count;
  }
  return moments;
}

}  // namespace

/// In training mode the moments are the constant's own: exporters standardise weights so.
Result<std::vector<Array>> fold_batch_norm(const OpView& op) {
  const Dims& dims = op.dims(0);
  const int64_t channels = dims[1], run = product(dims, 2, dims.size());
  const Values scale = constant_values(op.in(1)), shift = constant_values(op.in(2));
  const double epsilon = op.node().attr_float("epsilon", 1e-5);
  Values x = constant_values(op.in(0));
  const Moments moments = op.attr("training_mode", 0) != 0
                              ? channel_moments(x, dims)
                              : Moments{constant_values(op.in(3)), constant_values(op.in(4))};
  for (double variance : moments.variance)
    if (!(variance + epsilon > 0)) return broken("a variance of " + std::to_string(variance));
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t c = static_cast<int64_t>(i) / run % channels;
    x[i] =
        (x[i] - moments.mean[c]) / std::sqrt(moments.variance[c] + epsilon) * scale[c] + shift[c];
  }
  return one(from_doubles(op.out(0).type, dims, x));
}

Status shape_channel_norm(OpView& op) {
  if (op.rank(0) < 3) return broken("input of rank " + std::to_string(op.rank(0)));
  if (op.node().op == "GroupNormalization") {
    const int64_t groups = op.attr("num_groups", 0), channels = op.dims(0)[1];
    const Dims wanted{op.opset() < 21 ? groups : channels};
    if (groups < 1 || channels % groups != 0)
      return broken("num_groups = " + std::to_string(groups));
    if (op.dims(1) != wanted || op.dims(2) != wanted)
      return broken("scale or bias is not of shape " + to_string(wanted));
  } else {
    TENFOLD_CHECK(check_channels(op, 1, 2));
  }
  return shape_same(op);
}

Status limit_channel_norm(const OpView& op) {
  TENFOLD_CHECK(need_constants(op, 1));
  if (op.dims(0)[1] > most_normalised) return refused("over 2^24 channels");
  return {};
}

Status lower_instance_norm(Lowering& op) {
  const Dims image = channel_image(op.dims(0));
  op.finish("instance_norm", {op.reshape(op.input(0), image), op.input(1), op.input(2)}, image,
            {{"epsilon", op.node().attr_float("epsilon", 1e-5)}});
  return {};
}

Status lower_group_norm(Lowering& op) {
  const int64_t groups = op.attr("num_groups", 1), channels = op.dims(0)[1];
  const Dims image = channel_image(op.dims(0));
  std::vector<TensorId> inputs{op.reshape(op.input(0), image)};
  for (size_t i : {size_t{1}, size_t{2}}) {  // one a group, or one a channel
    const Values given = constant_values(op.in(i));
    Values values;
    for (double value : given)
      values.insert(values.end(), channels / static_cast<int64_t>(given.size()), value);
    inputs.push_back(op.constant({channels}, values));
  }
  op.finish("group_norm", std::move(inputs), image,
            {{"epsilon", op.node().attr_float("epsilon", 1e-5)}, {"groups", groups}});
  return {};
}

Status shape_layer_norm(OpView& op) {
  TENFOLD_TRY(const Dims wanted, normal_dims(op));
  for (size_t i : {size_t{1}, size_t{2}}) {
    if (!op.has(i)) continue;
    const auto fitted = broadcast(op.dims(i), wanted);
    if (!fitted || *fitted != wanted)
      return broken("scale or bias of shape " + to_string(op.dims(i)) + " does not broadcast to " +
                    to_string(wanted));
  }
  return shape_same(op);
}

Status limit_layer_norm(const OpView& op) {
  TENFOLD_CHECK(need_constants(op, 1));
  TENFOLD_TRY(const Dims line, normal_dims(op));
  if (product(line, 0, line.size()) > most_normalised)
    return refused("normalises over 2^24 elements together");
  return {};
}

Status lower_layer_norm(Lowering& op) {
  TENFOLD_TRY(const Dims line, normal_dims(op));
  const int64_t columns = product(line, 0, line.size()), rows = *volume(op.dims(0)) / columns;
  const TensorId scale = op.constant({columns}, spread(op.in(1), line));
  const TensorId shift =
      op.constant({columns}, op.has(2) ? spread(op.in(2), line) : Values(columns, 0));
  op.finish("layer_norm", {op.reshape(op.input(0), {rows, columns}), scale, shift}, {rows, columns},
            {{"epsilon", op.node().attr_float("epsilon", 1e-5)}, {"axis", int64_t{1}}});
  return {};
}

/// x / sqrt(mean(x^2) + epsilon) * scale, over the dims from axis on.
Status lower_rms_norm(Lowering& op) {
  TENFOLD_TRY(const Dims line, normal_dims(op));
  const int64_t columns = product(line, 0, line.size()), rows = *volume(op.dims(0)) / columns;
  const Dims dims{rows, columns}, one{rows, 1};
  const TensorId x = op.reshape(op.input(0), dims);
  const TensorId squares =
      op.emit("reduce", {x}, one, {{"kind", int64_t{7}}, {"axes", int64_t{2}}});
  const Values mean{1.0 / static_cast<double>(columns), op.node().attr_float("epsilon", 1e-5)};
  const TensorId root =
      op.emit("sqrt", {op.emit("affine", {squares}, one, {{"values", mean}})}, one);
  const TensorId normal = op.emit("div", {x, root}, dims);
  op.finish("scale", {normal, op.constant({columns}, spread(op.in(1), line))}, dims);
  return {};
}

Status shape_lp_norm(OpView& op) {
  TENFOLD_CHECK(normal_axis(op.attr("axis", -1), op.rank(0)));
  const int64_t p = op.attr("p", 2);
  if (p != 1 && p != 2) return broken("p = " + std::to_string(p));
  return shape_same(op);
}

/// x / max(norm, the smallest norm that float32 tells): zeros stay zero. Squares below the smallest
/// normal number are nothing, so with p = 2 that is its root.
Status lower_lp_norm(Lowering& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", -1), op.rank(0)));
  Dims one = op.dims(0);
  one[axis] = 1;
  const int64_t kind = op.attr("p", 2) == 1 ? 5 : 6;
  const TensorId norm =
      op.emit("reduce", {op.input(0)}, one, {{"kind", kind}, {"axes", int64_t{1} << axis}});
  constexpr double smallest = std::numeric_limits<float>::min();
  const Values bounds{op.attr("p", 2) == 1 ? smallest : std::sqrt(smallest),
                      std::numeric_limits<float>::max()};
  op.result("div", {op.input(0), op.emit("clip", {norm}, one, {{"values", bounds}})});
  return {};
}

Status shape_lrn(OpView& op) {
  if (op.rank(0) != 4) return refused("needs rank 4");
  if (op.attr("size", 0) < 1 || op.attr("size", 0) > int64_t{1} << 20)
    return broken("size = " + std::to_string(op.attr("size", 0)));
  return shape_same(op);
}

Status lower_lrn(Lowering& op) {
  op.result("lrn", {op.input(0)},
            {{"size", op.attr("size", 1)},
             {"alpha", op.node().attr_float("alpha", 1e-4)},
             {"beta", op.node().attr_float("beta", 0.75)},
             {"bias", op.node().attr_float("bias", 1)}});
  return {};
}

Status shape_softmax(OpView& op) {
  if (op.rank(0) == 0) return broken("a scalar input");
  TENFOLD_CHECK(
      normal_axis(op.attr("axis", op.opset() < 13 ? 1 : -1), op.rank(0), op.opset() < 13));
  return shape_same(op);
}

Status lower_softmax(Lowering& op) {
  const bool flattens = op.opset() < 13;  // all dims from axis on are one
  TENFOLD_TRY(const int64_t axis,
              normal_axis(op.attr("axis", flattens ? 1 : -1), op.rank(0), flattens));
  const Dims& dims = op.dims(0);
  Dims seen = dims;
  int64_t along = axis;
  if (flattens && (axis == op.rank(0) || product(dims, axis + 1, dims.size()) != 1)) {
    seen = {product(dims, 0, axis), product(dims, axis, dims.size())};
    along = 1;
  }
  op.finish("softmax", {op.reshape(op.input(0), seen)}, seen,
            {{"axis", along}, {"log", int64_t{op.node().op == "LogSoftmax"}}});
  return {};
}

}  // namespace tenfold::graph
