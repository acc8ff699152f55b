#include <algorithm>
#include <functional>

#include "dsl/conv2d_winograd_halide.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

using Halide::Expr;

// The product of one row of a matrix with terms, written out: zeros vanish, ones are not
// multiplied.
Expr row_times(const Matrix& matrix, int row, const std::function<Expr(int)>& term) {
  Expr sum;
  for (int i = 0; i < matrix.cols; ++i) {
    const double factor = matrix.at(row, i);
    if (factor == 0) continue;
    const bool unit = factor == 1 || factor == -1;
    Expr product = unit ? term(i) : term(i) * static_cast<float>(factor);
    if (!sum.defined())
      sum = factor == -1 ? -product : product;
    else
      sum = factor == -1 ? sum - product : sum + product;
  }
  return sum;
}

// All rows at once, selected by an index that schedules unroll.
Expr rows_times(const Matrix& matrix, const Expr& row, const std::function<Expr(int)>& term) {
  std::vector<Expr> rows;
  for (int i = 0; i < matrix.rows; ++i) rows.push_back(row_times(matrix, i, term));
  return rows.size() == 1 ? rows[0] : Halide::mux(row, rows);
}

// The last tile's last input pixel, counted from beyond the image.
int64_t overhang(int tiles, int tile, int64_t taps, int64_t pad, int64_t extent) {
  return std::max<int64_t>(0, tiles * tile + taps - 1 - pad - extent);
}

}  // namespace

Halo winograd_reach(const Task& task, const WinogradGrid& grid) {
  const Window w = window_of(task.attrs);
  const Dims& in = task.inputs[0].dims;
  return {w.pad_top, w.pad_left, overhang(grid.tiles_y, grid.tile_h, w.kernel_h, w.pad_top, in[1]),
          overhang(grid.tiles_x, grid.tile_w, w.kernel_w, w.pad_left, in[2])};
}

Algorithm winograd_conv2d(const Task& task, const Binding& binding, const WinogradGrid& grid) {
  const Window window = window_of(task.attrs);
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  const auto along_y = winograd_transforms(grid.tile_h, whole(window.kernel_h));
  const auto along_x = winograd_transforms(grid.tile_w, whole(window.kernel_w));
  const int pad_top = whole(window.pad_top), pad_left = whole(window.pad_left);

  bool masked = false;
  Halide::Func source = padded_load(task, binding, winograd_reach(task, grid), &masked),
               load("load");

  Halide::Var c("c"), k("k"), x("x"), y("y"), n("n"), tx("tx"), ty("ty");
  Halide::Var i("i"), j("j"), p("p"), q("q");
  Halide::Func rows("rows"), tiles("tiles"), acc("acc"), products("products"), half("half");
  Halide::Func result("result"), out("out");
  Halide::RDom channels(0, whole(task.inputs[0].dims[3]), "channels");

  load(c, x, y, n) = source(c, x, y, n);
  rows(c, x, j, ty, n) = rows_times(along_y.input, j, [&](int row) {
    return load(c, x - pad_left, ty * grid.tile_h + row - pad_top, n);
  });
  tiles(c, tx, ty, i, j, n) = rows_times(
      along_x.input, i, [&](int column) { return rows(c, tx * grid.tile_w + column, j, ty, n); });
  acc(k, tx, ty, i, j, n) = 0.0f;
  acc(k, tx, ty, i, j, n) +=
      tiles(channels, tx, ty, i, j, n) * binding.param_at(0, {k, channels, j, i});
  products(k, tx, ty, i, j, n) = acc(k, tx, ty, i, j, n);
  half(k, tx, ty, i, p, n) =
      rows_times(along_y.output, p, [&](int row) { return products(k, tx, ty, i, row, n); });
  result(k, tx, ty, q, p, n) =
      rows_times(along_x.output, q, [&](int column) { return half(k, tx, ty, column, p, n); });
  const Expr value =
      result(k, x / grid.tile_w, y / grid.tile_h, x % grid.tile_w, y % grid.tile_h, n);
  out(k, x, y, n) =
      apply_chain(task.epilogue, value, {k, x, y, n}, task, binding, first_epilogue_param(task));
  constrain_output(out, task.outputs[0]);

  return {.funcs = {{"out", out},
                    {"load", load},
                    {"rows", rows},
                    {"tiles", tiles},
                    {"acc", acc},
                    {"products", products},
                    {"half", half},
                    {"result", result}},
          .reduction = channels,
          .outputs = {out}};
}

}  // namespace tenfold::dsl
