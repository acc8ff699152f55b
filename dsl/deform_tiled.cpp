#include "dsl/deform_halide.h"
#include "dsl/deform_shape_halide.h"
#include "dsl/frame_halide.h"

namespace tenfold::dsl {
namespace {

using Halide::Expr;
using Halide::Var;

int whole(int64_t value) {
  return static_cast<int>(value);
}

/// Groups of a block.
int share_of(const DeformShape& s, const DeformGrid& grid) {
  return s.groups > 1 && grid.block > s.group_k ? grid.block / whole(s.group_k) : 1;
}

}  // namespace

Packing deform_weights(const Task& task, const DeformGrid& grid) {
  const DeformShape s = deform_shape(task);
  const int64_t k = task.outputs[0].dims[3];
  Packing packing = plain_packing({k, s.group_c, s.w.kernel_h, s.w.kernel_w});
  const int share = share_of(s, grid);
  const PackAxis block{0, grid.block, (k + grid.block - 1) / grid.block}, r{2, 1, s.w.kernel_h},
      column{3, 1, s.w.kernel_w}, c{1, 1, s.group_c}, lane{0, 1, grid.block / share},
      group{0, grid.block / share, share};
  switch (grid.chunk) {
    case TapChunk::one:
      packing.axes = {r, column, block, c, lane, group};
      break;
    case TapChunk::row:
      packing.axes = {r, block, column, c, lane, group};
      break;
    case TapChunk::all:
      packing.axes = {block, r, column, c, lane, group};
      break;
  }
  return packing;
}

TiledDeform tiled_deform(const Task& task, const Binding& binding, const DeformGrid& grid) {
  const DeformShape s = deform_shape(task);
  const int width = whole(task.outputs[0].dims[2]), height = whole(task.outputs[0].dims[1]),
            kernel_w = whole(s.w.kernel_w), kernel_h = whole(s.w.kernel_h),
            group_c = whole(s.group_c), group_k = whole(s.group_k);
  const Var c("c"), tap("tap"), group("group"), k("k"), lane("lane"), shared("shared"),
      block("block"), p("p"), x("x"), y("y"), n("n"), chunk("chunk");

  Halide::Func place("place"), sample("sample"), spread("spread"), part("part"), acc("acc");
  const Expr pixel = Halide::min(p, height * width - 1);
  const Corners moved = corners_at(task, binding, tap, group, pixel % width, pixel / width, n);
  place(tap, group, p, n) = Halide::Tuple(moved.x0, moved.x1, moved.y0, moved.y1, moved.w00,
                                          moved.w01, moved.w10, moved.w11);

  const Expr offset_group = s.offset_groups == 1 ? Expr(0) : c / whole(s.offset_c);
  const Halide::FuncRef at = place(tap, offset_group, p, n);
  // The corners lie in the image: what is kept of them has lost its bounds.
  const auto pixel_of = [&](int i, int dim) {
    return Halide::unsafe_promise_clamped(at[i], 0, whole(task.inputs[0].dims[dim]) - 1);
  };
  const Corners kept{pixel_of(0, 2), pixel_of(1, 2), pixel_of(2, 1), pixel_of(3, 1),
                     at[4],          at[5],          at[6],          at[7]};
  sample(c, tap, p, n) = sampled_at(task, binding, kept, c, n);

  const bool rows = grid.chunk != TapChunk::one, all = grid.chunk == TapChunk::all;
  const Halide::RDom taps({{0, group_c}, {0, rows ? kernel_w : 1}, {0, all ? kernel_h : 1}},
                          "taps");
  const Expr s_tap = rows ? Expr(taps[1]) : chunk % kernel_w, r_tap = all    ? Expr(taps[2])
                                                                      : rows ? Expr(chunk)
                                                                             : chunk / kernel_w;
  const Expr tap_at = all    ? Expr(taps[2] * kernel_w + taps[1])
                      : rows ? chunk * kernel_w + taps[1]
                             : Expr(chunk);
  const int share = share_of(s, grid), lanes = grid.block / share;
  const Expr first = s.groups == 1 ? Expr(0) : block * grid.block / group_k * group_c;
  spread(shared, c, block, tap, p, n) = sample((block * share + shared) * group_c + c, tap, p, n);
  const Expr in = share > 1 ? spread(shared, taps[0], block, tap_at, p, n)
                            : sample(first + taps[0], tap_at, p, n);
  const std::vector<Expr> weight_at =
      all    ? std::vector<Expr>{shared, lane, taps[0], s_tap, r_tap, block}
      : rows ? std::vector<Expr>{shared, lane, taps[0], s_tap, block, r_tap}
             : std::vector<Expr>{shared, lane, taps[0], block, s_tap, r_tap};
  part(shared, lane, block, p, n, chunk) = 0.0f;
  part(shared, lane, block, p, n, chunk) += in * binding.params[0](weight_at);

  TiledDeform tiled;
  const auto part_of_k = [&](const Expr& of_chunk) {
    const Expr of_group = share == 1 ? Expr(0) : k % grid.block / lanes;
    return part(of_group, k % lanes, k / grid.block, p, n, of_chunk);
  };
  if (all) {
    acc(k, p, n) = part_of_k(0);
  } else {
    tiled.chunks = Halide::RDom(0, rows ? kernel_h : kernel_h * kernel_w, "chunks");
    acc(k, p, n) = 0.0f;
    acc(k, p, n) += part_of_k(tiled.chunks.x);
  }
  tiled.algorithm.funcs = {{"place", place}, {"sample", sample}, {"part", part}, {"acc", acc}};
  if (share > 1) tiled.algorithm.funcs["spread"] = spread;
  tiled.algorithm.reduction = taps;
  finish(tiled.algorithm, task, binding, {k, x, y, n}, acc(k, y * width + x, n));
  return tiled;
}

}  // namespace tenfold::dsl
