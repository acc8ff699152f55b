// Winograd's minimal filtering F(m, r): m outputs of an r-tap correlation from m+r-1 products,
//   y = A^T [(G g) * (B^T d)],
// by Toom and Cook's interpolation at the points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. In two
// dimensions the transforms nest. Sources: Winograd 1980; Lavin and Gray 2016, section 4; Barabasz
// et al. 2020 for the points.
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

/// F(outputs, taps); F(m, 1) is the identity. Precondition: outputs + taps - 1 <= 8.
WinogradTransforms winograd_transforms(int outputs, int taps);

}  // namespace tenfold::dsl
