// Shape rules and lowering of Conv, ConvTranspose and DeformConv. One-dimensional ones become
// images of height 1.
#include <algorithm>

#include "graph/onnx_families.h"
#include "graph/window.h"

namespace tenfold::graph {
namespace {

std::vector<int64_t> spatial(const Dims& dims) {
  return {dims.begin() + 2, dims.end()};
}

/// What the three have in common: ranks, groups and channels. `out_per_group` is set to K/groups.
Status check_conv(const OpView& op, size_t weights, bool transposed) {
  const int64_t rank = op.rank(0), groups = op.attr("group", 1);
  const Dims &x = op.dims(0), &w = op.dims(weights);
  if (rank < 3) return broken("input of rank " + std::to_string(rank));
  if (op.rank(weights) != rank)
    return broken("weights of rank " + std::to_string(op.rank(weights)) + " for an input of rank " +
                  std::to_string(rank));
  const int64_t channels =
      transposed ? w[0] : w[1] * std::clamp<int64_t>(groups, 1, int64_t{1} << 24);
  if (groups < 1 || x[1] % groups != 0 || w[0] % groups != 0)
    return broken("groups = " + std::to_string(groups) + " does not divide the channels of " +
                  to_string(x) + " and " + to_string(w));
  if (channels != x[1])
    return broken("weights " + to_string(w) + " with groups = " + std::to_string(groups) +
                  " do not fit input " + to_string(x));
  if (op.has_attr("kernel_shape") && op.node().attr_ints("kernel_shape", {}) != spatial(w))
    return broken("kernel_shape contradicts weights " + to_string(w));
  return {};
}

Status check_bias(const OpView& op, size_t input, int64_t channels) {
  if (op.has(input) && op.dims(input) != Dims{channels})
    return broken("bias " + to_string(op.dims(input)) + " for " + std::to_string(channels) +
                  " channels");
  return {};
}

Dims conv_dims(int64_t n, int64_t k, const std::vector<int64_t>& extents) {
  Dims dims{n, k};
  dims.insert(dims.end(), extents.begin(), extents.end());
  return dims;
}

Status need_constant(const OpView& op, std::initializer_list<size_t> inputs) {
  for (size_t i : inputs)
    if (op.has(i) && !op.is_constant(i))
      return refused("weights and bias must be constant, '" + op.in(i).name + "' is computed");
  return {};
}

struct Transposed {
  Window window;
  std::vector<int64_t> output_pad, extents;
};

Result<Transposed> transposed_window(const OpView& op) {
  const std::vector<int64_t> in = spatial(op.dims(0));
  const size_t rank = in.size();
  Transposed t;
  TENFOLD_TRY(t.window, read_window(op, spatial(op.dims(1)), in, false));
  t.output_pad = op.node().attr_ints("output_padding", std::vector<int64_t>(rank, 0));
  const std::vector<int64_t> shape = op.node().attr_ints("output_shape", {});
  if (t.output_pad.size() != rank || (!shape.empty() && shape.size() != rank))
    return broken("output_padding or output_shape has not one number a spatial dim");
  const std::string auto_pad = op.node().attr_string("auto_pad", "NOTSET");
  for (size_t i = 0; i < rank; ++i) {
    if (t.output_pad[i] < 0 ||
        t.output_pad[i] >= std::max(t.window.stride[i], t.window.dilation[i]))
      return broken("output_padding holds " + std::to_string(t.output_pad[i]));
    int64_t full = (in[i] - 1) * t.window.stride[i] + t.window.span(i) + t.output_pad[i];
    const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
    if (!shape.empty() || same) {
      const int64_t wanted = shape.empty() ? in[i] * t.window.stride[i] : shape[i];
      // What is wanted beyond all that the input reaches is padding of the output.
      const int64_t beyond = std::max<int64_t>(0, wanted - full);
      t.output_pad[i] += beyond;
      if (wanted < 1 || t.output_pad[i] >= std::max(t.window.stride[i], t.window.dilation[i]))
        return broken("an output of " + std::to_string(wanted) + " from " + std::to_string(in[i]));
      full += beyond;
      const int64_t total = full - wanted;
      t.window.begin[i] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      t.window.end[i] = total - t.window.begin[i];
    }
    t.extents.push_back(full - t.window.begin[i] - t.window.end[i]);
    if (t.extents[i] < 1) return broken("pads leave nothing of spatial dim " + std::to_string(i));
  }
  return t;
}

}  // namespace

Status shape_conv(OpView& op) {
  TENFOLD_CHECK(check_conv(op, 1, false));
  TENFOLD_CHECK(check_bias(op, 2, op.dims(1)[0]));
  const std::vector<int64_t> in = spatial(op.dims(0));
  TENFOLD_TRY(const Window window, read_window(op, spatial(op.dims(1)), in));
  TENFOLD_TRY(const std::vector<int64_t> out, window_extents(window, in, false));
  return op.set(0, op.in(0).type, conv_dims(op.dims(0)[0], op.dims(1)[0], out));
}

Status limit_conv(const OpView& op) {
  if (op.rank(0) > 4) return refused("3-D convolution");
  return need_constant(op, {1, 2});
}

Status lower_conv(Lowering& op) {
  TENFOLD_TRY(const Window window, read_window(op, spatial(op.dims(1)), spatial(op.dims(0))));
  Lowering::Attrs attrs = window_attrs(window);
  attrs["groups"] = op.attr("group", 1);
  std::vector<TensorId> inputs{op.reshape(op.input(0), as_image(op.dims(0))),
                               op.reshape(op.input(1), as_image(op.dims(1)))};
  if (op.has(2)) inputs.push_back(op.input(2));
  op.finish("conv2d", std::move(inputs), as_image(op.result_dims()), std::move(attrs));
  return {};
}

Status shape_conv_transpose(OpView& op) {
  TENFOLD_CHECK(check_conv(op, 1, true));
  const int64_t channels = op.dims(1)[1] * op.attr("group", 1);
  TENFOLD_CHECK(check_bias(op, 2, channels));
  TENFOLD_TRY(const Transposed t, transposed_window(op));
  return op.set(0, op.in(0).type, conv_dims(op.dims(0)[0], channels, t.extents));
}

Status lower_conv_transpose(Lowering& op) {
  TENFOLD_TRY(const Transposed t, transposed_window(op));
  Lowering::Attrs attrs = window_attrs(t.window);
  attrs["groups"] = op.attr("group", 1);
  attrs["output_pad_h"] = t.output_pad.size() == 2 ? t.output_pad[0] : int64_t{0};
  attrs["output_pad_w"] = t.output_pad.back();
  std::vector<TensorId> inputs{op.reshape(op.input(0), as_image(op.dims(0))),
                               op.reshape(op.input(1), as_image(op.dims(1)))};
  if (op.has(2)) inputs.push_back(op.input(2));
  op.finish("conv_transpose2d", std::move(inputs), as_image(op.result_dims()), std::move(attrs));
  return {};
}

// DeformConv: x, weights, offset {N, 2*R*S*offset_groups, OH, OW}, [bias], [mask {N,
// R*S*offset_groups, OH, OW}].
Status shape_deform_conv(OpView& op) {
  TENFOLD_CHECK(check_conv(op, 1, false));
  if (op.rank(0) != 4) return refused("needs rank 4");
  TENFOLD_CHECK(check_bias(op, 3, op.dims(1)[0]));
  const std::vector<int64_t> in = spatial(op.dims(0));
  TENFOLD_TRY(const Window window, read_window(op, spatial(op.dims(1)), in));
  TENFOLD_TRY(const std::vector<int64_t> out, window_extents(window, in, false));
  const int64_t offset_groups = op.attr("offset_group", 1);
  if (offset_groups < 1 || op.dims(0)[1] % offset_groups != 0)
    return broken("offset_group = " + std::to_string(offset_groups) +
                  " does not divide the channels");
  const int64_t points = window.kernel[0] * window.kernel[1] * offset_groups, n = op.dims(0)[0];
  if (op.dims(2) != conv_dims(n, 2 * points, out))
    return broken("offsets " + to_string(op.dims(2)) + ", not " +
                  to_string(conv_dims(n, 2 * points, out)));
  if (op.has(4) && op.dims(4) != conv_dims(n, points, out))
    return broken("mask " + to_string(op.dims(4)) + ", not " +
                  to_string(conv_dims(n, points, out)));
  return op.set(0, op.in(0).type, conv_dims(n, op.dims(1)[0], out));
}

Status limit_deform_conv(const OpView& op) {
  TENFOLD_CHECK(need_constant(op, {1, 3}));
  for (size_t i : {size_t{0}, size_t{2}, size_t{4}})
    if (op.is_constant(i)) return refused("input " + std::to_string(i) + " is constant");
  return {};
}

Status lower_deform_conv(Lowering& op) {
  TENFOLD_TRY(const Window window, read_window(op, spatial(op.dims(1)), spatial(op.dims(0))));
  Lowering::Attrs attrs = window_attrs(window);
  attrs["groups"] = op.attr("group", 1);
  attrs["offset_groups"] = op.attr("offset_group", 1);
  std::vector<TensorId> inputs{op.input(0), op.input(2)};
  if (op.has(4)) inputs.push_back(op.input(4));
  inputs.push_back(op.input(1));
  if (op.has(3)) inputs.push_back(op.input(3));
  op.result("deform_conv2d", std::move(inputs), std::move(attrs));
  return {};
}

}  // namespace tenfold::graph
