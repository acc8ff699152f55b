#include "graph/upsampling.h"

#include <algorithm>
#include <cmath>

#include "dsl/stage.h"

namespace tenfold::graph {
namespace {

// Attribute values of resize2d (docs/operators.md).
enum Coordinate {
  half_pixel = 0,
  asymmetric = 1,
  pytorch_half_pixel = 3,
  tf_half_pixel_for_nn = 5
};
enum Nearest { round_prefer_floor = 0, round_prefer_ceil = 1, down = 2 };

std::optional<int64_t> whole_factor(int64_t from, int64_t to, double scale) {
  if (to % from != 0 || std::fabs(scale - static_cast<double>(to / from)) > 1e-9)
    return std::nullopt;
  return to / from;
}

}  // namespace

std::optional<Repeats> repeated_pixels(const Network& network, const Node& node) {
  if (node.op != "resize2d" || node.attr_int("mode", 0) != 0) return std::nullopt;
  const int64_t coordinate = node.attr_int("coordinate", 0), nearest = node.attr_int("nearest", 0);
  // Output pixel o stands at o/s or (o + 1/2)/s, or at o/s + (1/s - 1)/2, which lies within half a
  // pixel of its source.
  const bool from_corner =
      (coordinate == asymmetric || coordinate == tf_half_pixel_for_nn) && nearest == down;
  const bool from_centre = (coordinate == half_pixel || coordinate == pytorch_half_pixel) &&
                           (nearest == round_prefer_floor || nearest == round_prefer_ceil);
  if (!from_corner && !from_centre) return std::nullopt;
  const Dims& from = network.tensors[node.inputs[0]].dims;
  const Dims& to = network.tensors[node.outputs[0]].dims;
  const auto rows = whole_factor(from[2], to[2], node.attr_float("scale_h", 1));
  const auto pixels = whole_factor(from[3], to[3], node.attr_float("scale_w", 1));
  if (!rows || !pixels) return std::nullopt;
  return Repeats{*rows, *pixels};
}

std::optional<Group> with_upsampling(const PlanContext& context, const Group& chain,
                                     const Group& resize) {
  if (chain.anchor >= 0 || !chain.upsampled.empty() || resize.anchor < 0 ||
      resize.epilogue.empty() || !resize.prologue.empty())
    return std::nullopt;
  if (!repeated_pixels(context.network, context.network.nodes[resize.anchor])) return std::nullopt;
  const ChainLink& joint = resize.epilogue.front();
  const Node& stage = context.network.nodes[joint.node];
  const TensorId result = context.network.nodes[chain.epilogue.back().node].outputs[0];
  const auto kind = dsl::find_stage(stage.op);
  if (!kind || (*kind)->needs != dsl::StageNeeds::operand ||
      stage.inputs[1 - joint.chain_input] != result ||
      !context.uses.only_reader(result, joint.node) ||
      context.network.tensors[result].dims != context.network.tensors[stage.outputs[0]].dims)
    return std::nullopt;
  Group joined = chain;
  joined.upsampled = {resize.anchor};
  joined.epilogue.push_back({joint.node, 1 - joint.chain_input});
  joined.epilogue.insert(joined.epilogue.end(), resize.epilogue.begin() + 1, resize.epilogue.end());
  return joined;
}

View with_runs(const View& view, const Repeats& repeats) {
  const auto runs = [](int64_t extent, int64_t length) {
    return extent == 1 ? 1 : extent / length;
  };
  const auto run = [](int64_t extent, int64_t length) { return extent == 1 ? 1 : length; };
  const auto [rows, pixels] = repeats;
  View cut = view;
  cut.dims = {view.dims[0],
              runs(view.dims[1], rows),
              run(view.dims[1], rows),
              runs(view.dims[2], pixels),
              run(view.dims[2], pixels),
              view.dims[3]};
  cut.strides = {view.strides[0],          view.strides[1] * rows, view.strides[1],
                 view.strides[2] * pixels, view.strides[2],        view.strides[3]};
  return cut;
}

View over_runs(const View& view) {
  View cut = view;
  cut.dims = {view.dims[0], view.dims[1], 1, view.dims[2], 1, view.dims[3]};
  cut.strides = {view.strides[0], view.strides[1], view.strides[1],
                 view.strides[2], view.strides[2], view.strides[3]};
  return cut;
}

}  // namespace tenfold::graph
