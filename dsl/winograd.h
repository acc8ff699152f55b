// Winograd's minimal filtering F(m, r): m outputs of an r-tap correlation from m+r-1 products,
//   y = A^T [(G g) * (B^T d)],
// by Toom and Cook's interpolation at mirrored pairs, at infinity, and at zero where that leaves
// one. In two dimensions the transforms nest. Sources: Winograd 1980; Lavin and Gray 2016, section
// 4; Barabasz et al. 2020 for the points.
//
// At stride 2 the even taps filter the even inputs and the odd taps the odd ones, each by a form of
// their own, and y is the sum: F(4, 3) at stride 2 is F(4, 2) beside F(4, 1), 9 products where the
// direct form has 12, in two dimensions 81 for 144. A transposed convolution is the same with
// outputs for inputs: even and odd outputs take the taps of one kind each.
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
  int spread = 1;  // a row of `input` takes every so many columns
  int points = 1;  // products a tile
  Matrix input;    // B^T: points x inputs of a tile
  Matrix filter;   // G: points x taps
  Matrix output;   // A^T: outputs of a tile x points
};

/// F(outputs, taps) at a stride of 1 or 2, stride (outputs - 1) + taps products from as many
/// inputs; F(m, 1) is the identity. Precondition: stride is at most taps, or outputs and taps are
/// 1; outputs + the taps of either kind - 1 <= 8.
WinogradTransforms winograd_transforms(int outputs, int taps, int stride = 1);

/// The same of a transposed convolution, whose first output is `before` places behind the one that
/// the first tap makes of the first input: stride * each outputs in a tile, of which `first` is the
/// first input, counted from the tile's number times `each`. Precondition: a stride of 1 or 2, at
/// most taps; each + the taps of either kind - 1 <= 8.
struct WinogradTransposed {
  WinogradTransforms transforms;
  int first;
};
WinogradTransposed winograd_transposed(int each, int taps, int stride, int before);

}  // namespace tenfold::dsl
