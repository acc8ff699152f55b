// Winograd's minimal filtering F(m, r): m outputs of an r-tap correlation from m+r-1 products,
//   y = A^T [(G g) * (B^T d)],
// by Toom and Cook's interpolation at zero, at mirrored pairs and at infinity. In two dimensions
// the transforms nest. Sources: Winograd 1980; Lavin and Gray 2016, section 4; Barabasz et al. 2020
// for the points.
#pragma once
#include <cstdint>
#include <vector>

namespace tenfold::dsl {

/// Row-major, rows x cols.
struct Matrix {
  int rows = 0, cols = 0;
  std::vector<double> values;
  double at(int row, int col) const { return values[row * cols + col]; }
};

struct WinogradTransforms {
  int outputs = 1;  // m
  int taps = 1;     // r
  int points = 1;   // m + r - 1: products per output tile
  Matrix input;     // B^T: points x points
  Matrix filter;    // G: points x taps
  Matrix output;    // A^T: outputs x points
};

/// F(outputs, taps); F(m, 1) is the identity. Products 2i - 1 and 2i belong to a mirrored pair of
/// points: their rows of `input` differ in the sign of every other column, their columns of
/// `output` in that of every other row. Precondition: outputs + taps - 1 <= 8.
WinogradTransforms winograd_transforms(int outputs, int taps);

}  // namespace tenfold::dsl
