// resize2d in double: ONNX's coordinate rules, one dimension after the other.
#include <algorithm>
#include <cmath>

#include "graph/evaluate_ops.h"

namespace tenfold::graph {
namespace {

/// The input elements that an output element is a weighted sum of.
struct Taps {
  std::vector<int64_t> from;
  std::vector<double> weight;
};

double source(int64_t coordinate, int64_t i, int64_t in, int64_t out, double scale) {
  const auto at = static_cast<double>(i), n = static_cast<double>(in), m = static_cast<double>(out);
  switch (coordinate) {
    case 1:
      return at / scale;
    case 2:
      return out == 1 ? 0 : at * (n - 1) / (m - 1);
    case 3:
      return out == 1 ? 0 : (at + 0.5) / scale - 0.5;
    case 4: {
      const double adjust = m / (scale * n);
      return n / 2 * (1 - adjust) + (at + 0.5) / scale - 0.5;
    }
    case 5:
      return (at + 0.5) / scale;
    default:
      return (at + 0.5) / scale - 0.5;
  }
}

double cubic(double distance, double a) {
  const double d = std::abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

Taps taps_of(const Node& node, double x, int64_t in) {
  const auto clamp = [in](int64_t i) { return std::clamp<int64_t>(i, 0, in - 1); };
  const int64_t mode = node.attr_int("mode", 0);
  if (mode == 0) {
    const int64_t rounding = node.attr_int("nearest", 0);
    const double r = rounding == 0   ? std::ceil(x - 0.5)
                     : rounding == 1 ? std::floor(x + 0.5)
                     : rounding == 2 ? std::floor(x)
                                     : std::ceil(x);
    return {{clamp(static_cast<int64_t>(r))}, {1}};
  }
  const double base = std::floor(x), f = x - base;
  const auto i = static_cast<int64_t>(base);
  if (mode == 1) return {{clamp(i), clamp(i + 1)}, {1 - f, f}};
  Taps taps;
  double sum = 0;
  for (int64_t k = -1; k <= 2; ++k) {
    const bool outside = i + k < 0 || i + k >= in;
    taps.from.push_back(clamp(i + k));
    taps.weight.push_back(
        outside && node.attr_int("exclude_outside", 0)
            ? 0
            : cubic(static_cast<double>(k) - f, node.attr_float("cubic_a", -0.75)));
    sum += taps.weight.back();
  }
  if (node.attr_int("exclude_outside", 0))
    for (double& weight : taps.weight) weight /= sum;
  return taps;
}

}  // namespace

void evaluate_resize(const Node& node, const Value& x, Value& out) {
  const int64_t ih = x.dims[2], iw = x.dims[3], oh = out.dims[2], ow = out.dims[3],
                coordinate = node.attr_int("coordinate", 0);
  std::vector<Taps> rows, columns;
  for (int64_t y = 0; y < oh; ++y)
    rows.push_back(taps_of(node, source(coordinate, y, ih, oh, node.attr_float("scale_h", 1)), ih));
  for (int64_t c = 0; c < ow; ++c)
    columns.push_back(
        taps_of(node, source(coordinate, c, iw, ow, node.attr_float("scale_w", 1)), iw));
  for (int64_t p = 0; p < out.dims[0] * out.dims[1]; ++p)
    for (int64_t y = 0; y < oh; ++y)
      for (int64_t c = 0; c < ow; ++c) {
        double sum = 0;
        for (size_t r = 0; r < rows[y].from.size(); ++r)
          for (size_t s = 0; s < columns[c].from.size(); ++s)
            sum += rows[y].weight[r] * columns[c].weight[s] *
                   x.data[(p * ih + rows[y].from[r]) * iw + columns[c].from[s]];
        out.data[(p * oh + y) * ow + c] = sum;
      }
}

}  // namespace tenfold::graph
