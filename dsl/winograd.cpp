#include "dsl/winograd.h"

#include <cassert>
#include <cstddef>

namespace tenfold::dsl {
namespace {

constexpr double interpolation_points[] = {0, 1, -1, 2, -2, 0.5, -0.5};

Matrix zeros(int rows, int cols) {
  return {rows, cols, std::vector<double>(rows * cols)};
}

Matrix identity(int size) {
  Matrix matrix = zeros(size, size);
  for (int i = 0; i < size; ++i) matrix.values[i * size + i] = 1;
  return matrix;
}

// Coefficients, lowest first, of the product of (x - point) over the first `count` points but
// `left_out`.
std::vector<double> product_of_roots(int count, int left_out) {
  std::vector<double> coefficients{1};
  for (int p = 0; p < count; ++p) {
    if (p == left_out) continue;
    coefficients.push_back(0);
    for (size_t i = coefficients.size(); i-- > 0;)
      coefficients[i] = (i ? coefficients[i - 1] : 0) - interpolation_points[p] * coefficients[i];
  }
  return coefficients;
}

}  // namespace

WinogradTransforms winograd_transforms(int outputs, int taps) {
  const int points = outputs + taps - 1, finite = points - 1;
  assert(outputs >= 1 && taps >= 1 && points <= 8);
  if (taps == 1)
    return {outputs,
            taps,
            points,
            identity(outputs),
            {outputs, 1, std::vector<double>(outputs, 1.0)},
            identity(outputs)};

  WinogradTransforms t{
      outputs, taps, points, zeros(points, points), zeros(points, taps), zeros(outputs, points)};
  for (int p = 0; p < finite; ++p) {
    const double at = interpolation_points[p];
    double normaliser = 1;
    for (int q = 0; q < finite; ++q)
      if (q != p) normaliser *= at - interpolation_points[q];
    double power = 1;
    for (int i = 0; i < points; ++i, power *= at) {
      if (i < taps) t.filter.values[p * taps + i] = power / normaliser;
      if (i < outputs) t.output.values[i * points + p] = power;
    }
    const std::vector<double> row = product_of_roots(finite, p);
    for (size_t i = 0; i < row.size(); ++i) t.input.values[p * points + i] = row[i];
  }
  // Infinity takes the highest coefficients.
  t.filter.values[finite * taps + taps - 1] = 1;
  t.output.values[(outputs - 1) * points + finite] = 1;
  const std::vector<double> row = product_of_roots(finite, -1);
  for (size_t i = 0; i < row.size(); ++i) t.input.values[finite * points + i] = row[i];
  return t;
}

}  // namespace tenfold::dsl
