// Shape rule and lowering of Resize (10, 11, 13, 18, 19) and Upsample (7, 9).
#include <algorithm>
#include <cmath>

#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

struct Resizing {
  Dims dims;                   // of the output
  std::vector<double> scales;  // one a dim: what coordinates are computed with
};

struct Name {
  const char* name;
  int64_t value;
};
constexpr Name modes[] = {{"nearest", 0}, {"linear", 1}, {"cubic", 2}, {"bilinear", 1}};
constexpr Name coordinates[] = {{"half_pixel", 0},           {"asymmetric", 1},
                                {"align_corners", 2},        {"pytorch_half_pixel", 3},
                                {"half_pixel_symmetric", 4}, {"tf_half_pixel_for_nn", 5}};
constexpr Name roundings[] = {
    {"round_prefer_floor", 0}, {"round_prefer_ceil", 1}, {"floor", 2}, {"ceil", 3}};

int64_t find(std::span<const Name> names, const std::string& name) {
  const auto found = std::ranges::find_if(names, [&](const Name& row) { return name == row.name; });
  return found == names.end() ? -1 : found->value;
}

// Pixels before channels, as models that came from TensorFlow may have them.
bool resizes_channels_last(const Resizing& resizing) {
  const std::vector<double>& scales = resizing.scales;
  return scales.size() == 4 && scales[0] == 1 && scales[1] != 1 && scales[3] == 1;
}

bool is_upsample(const OpView& op) {
  return op.node().op == "Upsample" || op.opset() == 10;
}

Result<std::vector<int64_t>> axes_of(const OpView& op) {
  std::vector<int64_t> axes = op.node().attr_ints("axes", {});
  if (axes.empty())
    for (int64_t i = 0; i < op.rank(0); ++i) axes.push_back(i);
  TENFOLD_CHECK(normal_axes(axes, op.rank(0)));
  for (int64_t& axis : axes) axis = axis < 0 ? axis + op.rank(0) : axis;
  return axes;
}

Result<Resizing> resizing_of(const OpView& op) {
  Resizing resizing{op.dims(0), std::vector<double>(op.rank(0), 1)};
  TENFOLD_TRY(const std::vector<int64_t> axes, axes_of(op));
  const size_t scales_input = is_upsample(op) ? 1 : 2;
  std::vector<double> scales;
  std::vector<int64_t> sizes;
  if (op.has_attr("scales"))
    scales = op.node().attr_floats("scales", {});
  else if (op.has(scales_input)) {
    TENFOLD_TRY(scales, op.floats(scales_input));
  }
  if (!is_upsample(op) && op.has(3)) {
    TENFOLD_TRY(sizes, op.ints(3));
  }
  if (!sizes.empty()) scales.clear();
  if (scales.empty() == sizes.empty() || std::max(scales.size(), sizes.size()) != axes.size())
    return broken("needs scales or sizes, one number a dim");
  double uniform = 0;  // keep_aspect_ratio_policy: one factor for all
  const std::string policy = op.node().attr_string("keep_aspect_ratio_policy", "stretch");
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto in = static_cast<double>(op.dims(0)[axes[i]]);
    if (!sizes.empty() && (sizes[i] < 1 || sizes[i] > int64_t{1} << 31))
      return broken("sizes holds " + std::to_string(sizes[i]));
    const double scale = sizes.empty() ? scales[i] : static_cast<double>(sizes[i]) / in;
    if (!(scale > 0 && scale * in < 2147483648.0))
      return broken("a scale that is no positive number");
    uniform = i == 0                   ? scale
              : policy == "not_larger" ? std::min(uniform, scale)
                                       : std::max(uniform, scale);
    resizing.scales[axes[i]] = scale;
    resizing.dims[axes[i]] =
        sizes.empty()
            ? static_cast<int64_t>(std::floor(in * static_cast<double>(static_cast<float>(scale))))
            : sizes[i];
  }
  if (!sizes.empty() && policy != "stretch")
    for (int64_t axis : axes) {
      resizing.scales[axis] = uniform;
      resizing.dims[axis] =
          static_cast<int64_t>(std::round(uniform * static_cast<double>(op.dims(0)[axis])));
    }
  return resizing;
}

}  // namespace

Status shape_resize(OpView& op) {
  if (op.rank(0) == 0) return broken("a scalar input");
  TENFOLD_TRY(Resizing resizing, resizing_of(op));
  return op.set(0, op.in(0).type, std::move(resizing.dims));
}

Status limit_resize(const OpView& op) {
  TENFOLD_TRY(const Resizing resizing, resizing_of(op));
  const std::string mode = op.node().attr_string("mode", "nearest");
  const std::string coordinate =
      op.node().attr_string("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = op.node().attr_string("nearest_mode", "round_prefer_floor");
  if (find(modes, mode) < 0) return refused("mode " + mode);
  if (find(coordinates, coordinate) < 0)
    return refused("coordinate_transformation_mode " + coordinate);
  if (find(roundings, rounding) < 0) return refused("nearest_mode " + rounding);
  const int64_t rank = op.rank(0);
  const bool channels_last = resizes_channels_last(resizing);
  if (rank < 3 || rank > 4 ||
      (!channels_last && (resizing.scales[0] != 1 || resizing.scales[1] != 1)))
    return refused("resizes other dims than the pixels of a rank 3 or 4 input");
  if (op.attr("antialias", 0) != 0 && find(modes, mode) != 0 &&
      std::ranges::any_of(resizing.scales, [](double scale) { return scale < 1; }))
    return refused("antialias");
  return {};
}

Status lower_resize(Lowering& op) {
  TENFOLD_TRY(const Resizing resizing, resizing_of(op));
  const std::string mode = op.node().attr_string("mode", "nearest");
  Lowering::Attrs attrs{{"mode", find(modes, mode)},
                        {"cubic_a", op.node().attr_float("cubic_coeff_a", -0.75)},
                        {"exclude_outside", int64_t{op.attr("exclude_outside", 0) != 0}}};
  attrs["coordinate"] =
      is_upsample(op) ? int64_t{1}
                      : find(coordinates,
                             op.node().attr_string("coordinate_transformation_mode", "half_pixel"));
  const bool channels_last = resizes_channels_last(resizing);
  const size_t width = channels_last ? 2 : resizing.scales.size() - 1;
  const double scale_h = op.rank(0) == 4 ? resizing.scales[width - 1] : 1.0,
               scale_w = resizing.scales[width];
  attrs["scale_h"] = scale_h;
  attrs["scale_w"] = scale_w;
  Dims in = op.dims(0), out = op.result_dims();
  if (op.rank(0) == 3) {
    in.insert(in.begin() + 2, 1);
    out.insert(out.begin() + 2, 1);
  }
  TensorId x = op.reshape(op.input(0), in);
  if (channels_last) {
    x = op.transpose(x, {0, 3, 1, 2});
    in = op.dims_of(x);
    out = {out[0], out[3], out[1], out[2]};
  }
  // Before Resize 11 a nearest pixel was the one before where it grows and the one behind where it
  // shrinks.
  const auto old_rounding = [](double scale) { return int64_t{scale < 1 ? 3 : 2}; };
  attrs["nearest"] =
      is_upsample(op)
          ? old_rounding(scale_w)
          : find(roundings, op.node().attr_string("nearest_mode", "round_prefer_floor"));
  if (is_upsample(op) && old_rounding(scale_h) != old_rounding(scale_w)) {
    Lowering::Attrs rows = attrs;
    rows["nearest"] = old_rounding(scale_h);
    rows["scale_w"] = attrs["scale_h"] = 1.0;
    in[2] = out[2];
    x = op.emit("resize2d", {x}, in, std::move(rows));
  }
  if (channels_last) {
    const TensorId resized = op.emit("resize2d", {x}, out, std::move(attrs));
    op.result("transpose", {resized}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  } else {
    op.finish("resize2d", {x}, out, std::move(attrs));
  }
  return {};
}

}  // namespace tenfold::graph
