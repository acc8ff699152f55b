#include "dsl/winograd.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>

namespace tenfold::dsl {
namespace {

// By how many are finite: mirrored pairs, which share half of a transform's arithmetic, and zero
// where the count is odd. Seen with random data, 128 channels, F(4, 3): the relative L2 error of 0,
// 1, -1, 2, -2 is 2.3e-6, of 0, 5/8, -5/8, 3/2, -3/2 1.0e-6, and the largest single error falls to
// a quarter. F(4, 3) at stride 2, whose even taps are F(4, 2), from 0, 1, -1, 2 9.7e-7, from the
// pairs of 1/2 and 5/4 5.4e-7; F(4, 4) from 0, 1/2, -1/2, 1, -1, 2 3.4e-6, from three pairs 2.5e-6.
// For 7 points none of 36 sets of pairs was better than 1/2, 1 and 2.
std::span<const double> finite_points(int count) {
  static constexpr double two[] = {1, -1};
  static constexpr double three[] = {0, 1, -1};
  static constexpr double four[] = {0.5, -0.5, 1.25, -1.25};
  static constexpr double five[] = {0, 0.625, -0.625, 1.5, -1.5};
  static constexpr double six[] = {0.375, -0.375, 0.875, -0.875, 1.5, -1.5};
  static constexpr double seven[] = {0, 0.5, -0.5, 1, -1, 2, -2};
  static constexpr std::span<const double> sets[] = {
      std::span(three).first(1), two, three, four, five, six, seven};
  return sets[count - 1];
}

Matrix zeros(int rows, int cols) {
  return {rows, cols, std::vector<double>(rows * cols)};
}

Matrix identity(int size) {
  Matrix matrix = zeros(size, size);
  for (int i = 0; i < size; ++i) matrix.values[i * size + i] = 1;
  return matrix;
}

// Coefficients, lowest first, of the product of (x - point) over all points but `left_out`.
std::vector<double> product_of_roots(std::span<const double> points, int left_out) {
  std::vector<double> coefficients{1};
  for (int p = 0; p < static_cast<int>(points.size()); ++p) {
    if (p == left_out) continue;
    coefficients.push_back(0);
    for (size_t i = coefficients.size(); i-- > 0;)
      coefficients[i] = (i ? coefficients[i - 1] : 0) - points[p] * coefficients[i];
  }
  return coefficients;
}

// At stride 1.
WinogradTransforms dense_transforms(int outputs, int taps) {
  const int points = outputs + taps - 1, finite = points - 1;
  assert(outputs >= 1 && taps >= 1 && points <= 8);
  if (taps == 1)
    return {1,
            points,
            identity(outputs),
            {outputs, 1, std::vector<double>(outputs, 1.0)},
            identity(outputs)};

  const std::span<const double> roots = finite_points(finite);
  WinogradTransforms t{1, points, zeros(points, points), zeros(points, taps),
                       zeros(outputs, points)};
  for (int p = 0; p < finite; ++p) {
    const double at = roots[p];
    double normaliser = 1;
    for (int q = 0; q < finite; ++q)
      if (q != p) normaliser *= at - roots[q];
    double power = 1;
    for (int i = 0; i < points; ++i, power *= at) {
      if (i < taps) t.filter.values[p * taps + i] = power / normaliser;
      if (i < outputs) t.output.values[i * points + p] = power;
    }
    const std::vector<double> row = product_of_roots(roots, p);
    for (size_t i = 0; i < row.size(); ++i) t.input.values[p * points + i] = row[i];
  }
  // Infinity takes the highest coefficients.
  t.filter.values[finite * taps + taps - 1] = 1;
  t.output.values[(outputs - 1) * points + finite] = 1;
  const std::vector<double> row = product_of_roots(roots, -1);
  for (size_t i = 0; i < row.size(); ++i) t.input.values[finite * points + i] = row[i];
  return t;
}

// Taps kind, kind + stride, ...
int taps_of_kind(int taps, int stride, int kind) {
  return (taps - kind - 1) / stride + 1;
}

// Where elements go: the first one, and from one to the next.
struct Places {
  int first, step = 1;
};

void place(const Matrix& part, Matrix& whole, const Places& rows, const Places& columns) {
  for (int i = 0; i < part.rows; ++i)
    for (int j = 0; j < part.cols; ++j)
      whole.values[(rows.first + i * rows.step) * whole.cols + columns.first + j * columns.step] =
          part.at(i, j);
}

}  // namespace

WinogradTransforms winograd_transforms(int outputs, int taps, int stride) {
  if (stride == 1 || taps == 1) {
    assert(stride == 1 || outputs == 1);
    return dense_transforms(outputs, taps);
  }
  assert(stride == 2);
  const int points = stride * (outputs - 1) + taps;
  WinogradTransforms t{stride, points, zeros(points, points), zeros(points, taps),
                       zeros(outputs, points)};
  for (int kind = 0, begin = 0; kind < stride; ++kind) {
    const WinogradTransforms part = dense_transforms(outputs, taps_of_kind(taps, stride, kind));
    place(part.input, t.input, {begin}, {kind, stride});
    place(part.filter, t.filter, {begin}, {kind, stride});
    place(part.output, t.output, {0}, {begin});
    begin += part.points;
  }
  return t;
}

WinogradTransposed winograd_transposed(int each, int taps, int stride, int before) {
  assert(taps >= stride);
  // Output place + stride * w takes tap kind + stride * j of input w + at - j, where
  // place + before = stride * at + kind.
  struct Part {
    int place, kind, taps, first;
    int end(int each) const { return first + each + taps - 1; }
  };
  std::vector<Part> parts;
  for (int place = 0; place < stride; ++place) {
    const int kind = (place + before) % stride, count = taps_of_kind(taps, stride, kind);
    parts.push_back({place, kind, count, (place + before) / stride - (count - 1)});
  }
  int first = parts[0].first, end = parts[0].end(each);
  for (const Part& part : parts) {
    first = std::min(first, part.first);
    end = std::max(end, part.end(each));
  }
  const int points = stride * (each - 1) + taps;
  WinogradTransforms t{1, points, zeros(points, end - first), zeros(points, taps),
                       zeros(stride * each, points)};
  int begin = 0;
  for (const Part& part : parts) {
    const WinogradTransforms form = dense_transforms(each, part.taps);
    place(form.input, t.input, {begin}, {part.first - first});
    place(form.filter, t.filter, {begin}, {part.kind + stride * (part.taps - 1), -stride});
    place(form.output, t.output, {part.place, stride}, {begin});
    begin += form.points;
  }
  return {t, first};
}

}  // namespace tenfold::dsl
