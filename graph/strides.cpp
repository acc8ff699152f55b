#include "graph/strides.h"

#include <algorithm>

namespace tenfold::graph {
namespace {

constexpr int nhwc_of_nchw[] = {0, 2, 3, 1};  // view dim i is model dim nhwc_of_nchw[i]

}  // namespace

Dims to_view_order(const Dims& model) {
  if (model.size() != 4) return model;
  return {model[0], model[2], model[3], model[1]};
}

Dims to_model_order(const Dims& view) {
  if (view.size() != 4) return view;
  return {view[0], view[3], view[1], view[2]};
}

int view_dim(size_t rank, int model_dim) {
  if (rank != 4) return model_dim;
  return static_cast<int>(std::ranges::find(nhwc_of_nchw, model_dim) - nhwc_of_nchw);
}

std::optional<Dims> reshaped_strides(const Dims& from, const Dims& strides, const Dims& to) {
  Dims dims, steps;  // extents of 1 have no say
  for (size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1) dims.push_back(from[i]), steps.push_back(strides[i]);
  if (dims.empty()) return Dims(to.size(), 1);

  Dims result(to.size(), 1);
  int next = static_cast<int>(to.size()) - 1;
  int64_t run = 1, filled = 1, unit = steps.back();
  for (size_t i = dims.size(); i-- > 0;) {
    run *= dims[i];
    if (i > 0 && steps[i - 1] == run * unit) continue;
    while (next >= 0 && (filled < run || to[next] == 1)) {
      result[next] = filled * unit;
      filled *= to[next--];
    }
    if (filled != run) return std::nullopt;
    if (i > 0) unit = steps[i - 1], run = filled = 1;
  }
  return result;
}

std::optional<CopyBoxes> copy_boxes(const Dims& from, const Dims& from_strides, const Dims& to,
                                    const Dims& to_strides) {
  CopyBoxes boxes;  // innermost first until the end
  int64_t a = 1, b = 1, step_a = 0, step_b = 0;
  auto i = static_cast<int>(from.size()) - 1, j = static_cast<int>(to.size()) - 1;
  while (true) {
    while (a == 1 && i >= 0) a = from[i], step_a = from_strides[i], --i;
    while (b == 1 && j >= 0) b = to[j], step_b = to_strides[j], --j;
    if (a == 1 && b == 1) break;
    const int64_t extent = std::min(a, b);
    if (extent == 1 || a % extent || b % extent) return std::nullopt;
    const bool merges = !boxes.dims.empty() &&
                        step_a == boxes.from_strides.back() * boxes.dims.back() &&
                        step_b == boxes.to_strides.back() * boxes.dims.back();
    if (merges) {
      boxes.dims.back() *= extent;
    } else {
      boxes.dims.push_back(extent);
      boxes.from_strides.push_back(step_a);
      boxes.to_strides.push_back(step_b);
    }
    a /= extent, b /= extent, step_a *= extent, step_b *= extent;
  }
  if (boxes.dims.empty()) boxes = {{1}, {1}, {1}};
  std::ranges::reverse(boxes.dims);
  std::ranges::reverse(boxes.from_strides);
  std::ranges::reverse(boxes.to_strides);
  return boxes;
}

bool has_common_cut(const Dims& from, const Dims& to) {
  return copy_boxes(from, dense_strides(from), to, dense_strides(to)).has_value();
}

bool needs_unit_dim(const View& view) {
  return view.offset != 0 && std::ranges::find(view.strides, 1) == view.strides.end();
}

View with_unit_dim(View view) {
  view.dims.push_back(1);
  view.strides.push_back(1);
  return view;
}

}  // namespace tenfold::graph
