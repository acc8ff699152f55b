#include <algorithm>
#include <cmath>
#include <functional>

#include "dsl/winograd_convolution_halide.h"
#include "dsl/winograd_side.h"

namespace tenfold::dsl {
namespace {

using Halide::Expr;

using Terms = std::function<Expr(int)>;

// sum + factor * term, where an undefined sum is zero.
Expr add_times(const Expr& sum, double factor, const Expr& term) {
  if (!sum.defined()) return factor == 1 ? term : term * static_cast<float>(factor);
  if (factor == 1) return sum + term;
  if (factor == -1) return sum - term;
  return sum + term * static_cast<float>(factor);
}

// A row of B^T times every other one of the columns that it has to do with (at stride 2 those of
// one kind), over the last of their factors, which is returned as `lead`: the two rows of a
// mirrored pair of points have this sum in common.
Expr parity_sum(const WinogradTransforms& t, int row, int parity, const Terms& term, double& lead) {
  lead = 0;
  Expr sum;
  for (int i = t.input.cols - 1; i >= 0; --i) {
    if (i / t.spread % 2 != parity || t.input.at(row, i) == 0) continue;
    if (lead == 0) lead = t.input.at(row, i);
    sum = add_times(sum, t.input.at(row, i) / lead, term(i));
  }
  return sum;
}

Expr input_row(const WinogradTransforms& t, int row, const Terms& term) {
  double even_lead = 0, odd_lead = 0;
  const Expr even = parity_sum(t, row, 0, term, even_lead),
             odd = parity_sum(t, row, 1, term, odd_lead);
  if (!even.defined()) return add_times(Expr(), odd_lead, odd);
  if (!odd.defined()) return add_times(Expr(), even_lead, even);
  return odd_lead == 1 ? add_times(odd, even_lead, even)
                       : add_times(add_times(Expr(), even_lead, even), odd_lead, odd);
}

// Whether two columns of A^T belong to a mirrored pair of points.
bool mirrored(const Matrix& output, int column, int other) {
  for (int row = 0; row < output.rows; ++row)
    if (std::abs(output.at(row, column)) != std::abs(output.at(row, other))) return false;
  return true;
}

// A row of A^T: the two products of a mirrored pair are added or subtracted first, which all rows
// of one parity have in common.
Expr output_row(const WinogradTransforms& t, int row, const Terms& term) {
  Expr sum;
  for (int i = 0; i < t.points; ++i) {
    const double factor = t.output.at(row, i);
    if (factor == 0) continue;
    if (i + 1 < t.points && mirrored(t.output, i, i + 1)) {
      sum = add_times(
          sum, factor,
          t.output.at(row, i + 1) == factor ? term(i) + term(i + 1) : term(i) - term(i + 1));
      ++i;
    } else {
      sum = add_times(sum, factor, term(i));
    }
  }
  return sum;
}

// All rows at once, selected by an index that schedules unroll.
Expr rows_times(Expr (*times)(const WinogradTransforms&, int, const Terms&),
                const WinogradTransforms& transforms, int count, const Expr& row,
                const Terms& term) {
  std::vector<Expr> rows;
  for (int i = 0; i < count; ++i) rows.push_back(times(transforms, i, term));
  return rows.size() == 1 ? rows[0] : Halide::mux(row, rows);
}

// How far the first tile reads before the image and the last one behind it.
std::pair<int64_t, int64_t> reach_of(const WinogradSide& side, int64_t tiles, int64_t extent) {
  const int64_t end = ((tiles - 1) * side.step + side.transforms.input.cols) * side.phases;
  return {std::max<int64_t>(0, -side.first), std::max<int64_t>(0, end + side.first - extent)};
}

}  // namespace

Halo winograd_reach(const Task& task, const WinogradGrid& grid) {
  const Dims& in = task.inputs[0].dims;
  const auto [top, bottom] = reach_of(winograd_height(task, grid.tile_h), grid.tiles_y, in[1]);
  const auto [left, right] = reach_of(winograd_width(task, grid.tile_w), grid.tiles_x, in[2]);
  return {top, left, bottom, right};
}

Algorithm winograd_convolution(const Task& task, const Binding& binding, const WinogradGrid& grid) {
  const WinogradSide height = winograd_height(task, grid.tile_h),
                     width = winograd_width(task, grid.tile_w);
  const WinogradTransforms &along_y = height.transforms, &along_x = width.transforms;
  const bool transposed = task.op == "conv_transpose2d";

  bool masked = false;
  Halide::Func source = padded_load(task, binding, winograd_reach(task, grid), &masked),
               load("load");

  Halide::Var c("c"), k("k"), x("x"), y("y"), n("n"), tx("tx"), ty("ty"), column("column");
  Halide::Var i("i"), j("j"), p("p"), q("q"), f("f"), g("g");
  Halide::Func rows("rows"), tiles("tiles"), acc("acc"), products("products"), half("half");
  Halide::Func result("result"), out("out");
  const int groups = static_cast<int>(task.attrs.get_int("groups", 1)),
            group_c = static_cast<int>(task.inputs[0].dims[3]) / groups,
            group_k = static_cast<int>(task.outputs[0].dims[3]) / groups;
  Halide::RDom channels(0, group_c, "channels");

  load(c, x, y, n) = source(c, x, y, n);
  const Expr tile_x = grid.flat ? tx % grid.tiles_x : Expr(tx),
             tile_y = grid.flat ? tx / grid.tiles_x + ty : Expr(ty);
  rows(c, column, j, tx, ty, f, g, n) =
      rows_times(input_row, along_y, along_y.points, j, [&](int row) {
        return load(c, (tile_x * width.step + column) * width.phases + f + width.first,
                    (tile_y * height.step + row) * height.phases + g + height.first, n);
      });
  tiles(c, tx, ty, i, j, f, g, n) = rows_times(input_row, along_x, along_x.points, i, [&](int at) {
    return rows(c, at, j, tx, ty, f, g, n);
  });
  acc(k, tx, ty, i, j, f, g, n) = 0.0f;
  const Expr channel = groups == 1 ? Expr(channels) : k / group_k * group_c + channels;
  const std::vector<Expr> weight =
      transposed ? std::vector<Expr>{channels, k, j, i} : std::vector<Expr>{k, channels, j, i};
  acc(k, tx, ty, i, j, f, g, n) +=
      tiles(channel, tx, ty, i, j, f, g, n) * binding.param_at(0, weight);
  products(k, tx, ty, i, j, f, g, n) = acc(k, tx, ty, i, j, f, g, n);
  half(k, tx, ty, i, p, f, g, n) =
      rows_times(output_row, along_y, along_y.output.rows, p,
                 [&](int row) { return products(k, tx, ty, i, row, f, g, n); });
  result(k, tx, ty, q, p, f, g, n) =
      rows_times(output_row, along_x, along_x.output.rows, q,
                 [&](int at) { return half(k, tx, ty, at, p, f, g, n); });
  const Expr phase_x = x / width.phases, phase_y = y / height.phases;
  const Expr at_x = phase_x / grid.tile_w, at_y = phase_y / grid.tile_h;
  const Expr value =
      result(k, grid.flat ? at_y * grid.tiles_x + at_x : at_x, grid.flat ? Expr(0) : at_y,
             phase_x % grid.tile_w, phase_y % grid.tile_h, x % width.phases, y % height.phases, n);
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
