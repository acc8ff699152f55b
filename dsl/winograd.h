// Winograd's minimal filtering F(m, r): m outputs of an r-tap correlation from m+r-1 products,
//   y = A^T [(G g) * (B^T d)],
// by Toom and Cook's interpolation at zero, at mirrored pairs and at infinity. In two dimensions
// the transforms nest. Sources: Winograd 1980; Lavin and Gray 2016, section 4; Barabasz et al. 2020
// for the points. At stride 2 the even taps filter the even inputs and the odd taps the odd ones,
// each by a form of their own, and y is the sum: F(4, 3) at stride 2 is F(4, 2) beside F(4, 1), 9
// products where the direct form has 12, in two dimensions 81 for 144.
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
  int stride = 1;   // s
  int points = 1;   // s (m - 1) + r: products per output tile, as many as it reads inputs
  Matrix input;     // B^T: points x points
  Matrix filter;    // G: points x taps
  Matrix output;    // A^T: outputs x points
};

/// F(outputs, taps) at a stride of 1 or 2; F(m, 1) is the identity. The points of the even taps
/// come first, then those of the odd ones. Precondition: stride is at most taps, or taps is 1;
/// outputs + the taps of either kind - 1 <= 8.
WinogradTransforms winograd_transforms(int outputs, int taps, int stride = 1);

}  // namespace tenfold::dsl
