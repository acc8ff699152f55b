// "winograd": 3x3 and its like (1x3, 3x1, 5x5) at stride 1 through Winograd's minimal filtering.
// The output is cut into tiles of m x m; a block of tiles is transformed once, multiplied plane by
// plane, and transformed back while all of it lies in L2. Measured on one Zen 3 core of about 110
// GFLOP/s FMA peak, 2026-11: 96 -> 24 at 96x192 runs at an effective 275 GFLOP/s (m 4, blocks of 12
// tiles, 3 vectors x 4 tiles of accumulators), 64 -> 64 at 56x56 at 295.
#include <algorithm>

#include "dsl/conv2d_winograd_halide.h"
#include "dsl/op.h"
#include "dsl/window.h"
#include "schedules/finish_halide.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

int64_t up(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple;
}

struct Geometry {
  int64_t tile_h, tile_w, tiles_y, tiles_x, points;
};

// A kernel of one row is left alone along y, and the other way round.
Geometry geometry(const Task& task, int64_t m) {
  const dsl::Window window = dsl::window_of(task.attrs);
  const int64_t tile_h = window.kernel_h > 1 ? m : 1, tile_w = window.kernel_w > 1 ? m : 1;
  return {tile_h, tile_w, up(task.outputs[0].dims[1], tile_h), up(task.outputs[0].dims[2], tile_w),
          (tile_h + window.kernel_h - 1) * (tile_w + window.kernel_w - 1)};
}

dsl::WinogradGrid grid_of(const Task& task, const Config& config) {
  const Geometry g = geometry(task, config.at("m"));
  const int64_t bx = config.at("bx"), by = config.at("by");
  return {static_cast<int>(g.tile_h), static_cast<int>(g.tile_w),
          static_cast<int>(up(g.tiles_y, by) * by), static_cast<int>(up(g.tiles_x, bx) * bx)};
}

// Below 16 channels the transforms cost more than the products save. Below 100 output pixels the
// four times larger weights, read cold as a network leaves them, do (1.4 times the peak at 7x7
// then, and other spaces are no worse).
bool serves(const Task& task, const Target& target) {
  if (task.op != "conv2d" || target.device != DeviceKind::cpu) return false;
  const dsl::Window w = dsl::window_of(task.attrs);
  const Dims& out = task.outputs[0].dims;
  return task.attrs.get_int("groups", 1) == 1 && w.stride_h == 1 && w.stride_w == 1 &&
         w.dilation_h == 1 && w.dilation_w == 1 && std::max(w.kernel_h, w.kernel_w) >= 3 &&
         std::max(w.kernel_h, w.kernel_w) <= 5 && task.inputs[0].dims[3] >= 16 && out[3] >= 16 &&
         out[1] * out[2] >= 100;
}

std::vector<int64_t> lane_choices(const Task& task, const Target& target) {
  std::vector<int64_t> lanes;
  for (int64_t width = 4; width <= target.lanes; width *= 2)
    if (task.outputs[0].dims[3] % width == 0) lanes.push_back(width);
  return lanes.empty() ? std::vector<int64_t>{target.lanes} : lanes;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  return {{"m", {2, 4}},                          // outputs of a tile along each transformed side
          {"lanes", lane_choices(task, target)},  // of a vector of output channels
          {"kt", {1, 2, 3, 4, 6}},                // such vectors in a register tile
          {"xt", {1, 2, 3, 4, 6, 7, 12, 14}},     // tiles in a register tile, along x
          {"bx", {1, 2, 3, 4, 6, 8, 12, 14, 16, 24, 48}},  // tiles in a block, along x
          {"by", {1, 2, 4, 7}},                            // and along y
          {"stage", {0, 1}}};  // 1: a block's input is copied first, densely
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "winograd: " + rule};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const dsl::Window window = dsl::window_of(task.attrs);
  const int64_t m = config.at("m"), kt = config.at("kt"), xt = config.at("xt"),
                bx = config.at("bx");
  const Geometry g = geometry(task, m);
  if (m + std::max(window.kernel_h, window.kernel_w) - 1 > 8)
    return illegal("more than 8 interpolation points");
  if (kt * xt + kt + 1 > target.registers) return illegal("the register tile spills");
  const int64_t lanes = config.at("lanes");
  if (kt > up(task.outputs[0].dims[3], lanes)) return illegal("the register tile is wider than K");
  if (bx % xt != 0) return illegal("a block is no multiple of the register tile");
  if (bx >= g.tiles_x + xt || config.at("by") > g.tiles_y)
    return illegal("the block is larger than the image");
  // A mask inside the unrolled transforms would multiply their code by its edges.
  if (config.at("stage") == 0 &&
      !dsl::halo_serves(task, dsl::winograd_reach(task, grid_of(task, config))))
    return illegal("a masked input is copied first");
  const int64_t block_bytes =
      bx * config.at("by") * g.points * 4 * (task.inputs[0].dims[3] + task.outputs[0].dims[3]);
  if (block_bytes > target.l2_bytes * 4) return illegal("a block's transforms lie far outside L2");
  return {};
}

// The widest vectors that divide K, the squarest register tile that fits, and blocks of half an L2.
Config initial(const Task& task, const Target& target) {
  Config best;
  double best_score = -1;
  const Dims& out = task.outputs[0].dims;
  const int64_t lanes = lane_choices(task, target).back();
  for (const int64_t m : {4, 2}) {
    const Geometry g = geometry(task, m);
    for (const int64_t kt : {1, 2, 3, 4, 6})
      for (const int64_t xt : {1, 2, 3, 4, 6, 7, 12, 14})
        for (const int64_t bx : {1, 2, 3, 4, 6, 8, 12, 14, 16, 24, 48})
          for (const int64_t by : {1, 2, 4, 7}) {
            const Config config{"winograd",
                                {{"m", m},
                                 {"lanes", lanes},
                                 {"kt", kt},
                                 {"xt", xt},
                                 {"bx", bx},
                                 {"by", by},
                                 {"stage", 1}}};
            if (!legal(task, target, config)) continue;
            // Share of the computed tiles and channels that are wanted, times products saved.
            const double useful =
                static_cast<double>(out[1] * out[2] * out[3]) /
                static_cast<double>(up(g.tiles_x, bx) * bx * up(g.tiles_y, by) * by * g.tile_h *
                                    g.tile_w * up(out[3], kt * lanes) * kt * lanes);
            const double saved =
                static_cast<double>(g.tile_h * g.tile_w) / static_cast<double>(g.points);
            const double loads =
                static_cast<double>(kt * xt) / static_cast<double>(kt + xt);  // products a load
            const double block =
                static_cast<double>(bx * by * g.points * 4 * (task.inputs[0].dims[3] + out[3]));
            const double l2 = static_cast<double>(target.l2_bytes);
            const double cache = block > l2 * 0.4 ? l2 * 0.4 / block : 1;
            const double parallel = up(g.tiles_y, by) * out[0] >= 4 ? 1 : 0.9;
            const double reuse = static_cast<double>(bx * by) / static_cast<double>(bx * by + 4);
            const double score = useful * saved * loads / (loads + 0.5) * (0.5 + 0.5 * cache) *
                                 parallel * reuse * (by == 1 ? 1 : 0.97);
            if (score > best_score) best_score = score, best = config;
          }
  }
  return best;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  const dsl::Window window = dsl::window_of(task.attrs);
  const Geometry g = geometry(task, config.at("m"));
  const int64_t block = config.at("kt") * config.at("lanes");
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task))
    packings.push_back(plain_packing(param.dims, config.at("lanes")));

  Packing& weights = packings[0];  // {K, C, R, S} to {K block, plane j, plane i, C, k in block}
  const auto along_y =
      dsl::winograd_transforms(static_cast<int>(g.tile_h), static_cast<int>(window.kernel_h));
  const auto along_x =
      dsl::winograd_transforms(static_cast<int>(g.tile_w), static_cast<int>(window.kernel_w));
  weights.transforms = {{2, along_y.points, along_y.taps, along_y.filter.values},
                        {3, along_x.points, along_x.taps, along_x.filter.values}};
  weights.axes = {{0, block, up(weights.source[0], block)},
                  {2, 1, along_y.points},
                  {3, 1, along_x.points},
                  {1, 1, weights.source[1]},
                  {0, 1, block}};
  return packings;
}

/// parallel n, block row: for block column:
///   for tile, c by vectors: [rows; all planes of "tiles"]              transformed input, in L2
///   for plane, k block, register tile: [sums in registers over c; store "products"]
///   for tile, k by vectors: [half; result; chain; m x m stores]
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const auto value = [&](const char* axis) { return static_cast<int>(config.at(axis)); };
  const int lanes = value("lanes"), kt = value("kt"), xt = value("xt"), bx = value("bx"),
            by = value("by");
  const dsl::WinogradGrid grid = grid_of(task, config);
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  const dsl::Algorithm algorithm = dsl::winograd_conv2d(task, binding, grid);
  const auto func = [&](const char* name) { return algorithm.funcs.at(name); };
  Halide::Func out = func("out"), rows = func("rows"), tiles = func("tiles"), acc = func("acc");
  Halide::Func products = func("products"), half = func("half"), result = func("result");

  const auto k = out.args()[0], x = out.args()[1], y = out.args()[2], n = out.args()[3];
  const auto guard = Halide::TailStrategy::GuardWithIf, round_up = Halide::TailStrategy::RoundUp;
  Halide::Var tx("tx"), q("q"), ty("ty"), p("p"), bxo("bxo"), bxi("bxi"), byo("byo"), byi("byi"),
      kv("kv");
  const bool whole_vectors = task.outputs[0].dims[3] % lanes == 0;
  out.split(x, tx, q, grid.tile_w, guard)
      .split(y, ty, p, grid.tile_h, guard)
      .split(tx, bxo, bxi, bx, guard)
      .split(ty, byo, byi, by, guard)
      .split(k, k, kv, lanes,
             whole_vectors ? Halide::TailStrategy::Auto : Halide::TailStrategy::Predicate)
      .reorder(kv, q, p, k, bxi, byi, bxo, byo, n)
      .vectorize(kv)
      .unroll(q)
      .unroll(p)
      .parallel(byo);
  if (task.outputs[0].dims[0] > 1) out.parallel(n);

  const auto r = result.args();  // k, tx, ty, q, p, n
  Halide::Var ki("ki"), ko("ko"), xo("xo"), xi("xi");
  result.compute_at(out, k).vectorize(r[0], lanes).unroll(r[3]).unroll(r[4]);
  const auto h = half.args();  // k, tx, ty, i, p, n
  half.compute_at(out, k).vectorize(h[0], lanes).unroll(h[3]).unroll(h[4]);

  const auto t = tiles.args();  // c, tx, ty, i, j, n
  const int64_t channels = task.inputs[0].dims[3];
  int c_lanes = target.lanes;
  while (channels % c_lanes != 0 && c_lanes > 1) c_lanes /= 2;
  Halide::Var cv("cv");
  tiles.compute_at(out, bxo)
      .split(t[0], t[0], cv, c_lanes)
      .reorder(cv, t[3], t[4], t[0], t[1], t[2], t[5])
      .vectorize(cv)
      .unroll(t[3])
      .unroll(t[4]);
  const auto w = rows.args();  // c, x, j, ty, n
  rows.compute_at(tiles, t[0]).vectorize(w[0], c_lanes).unroll(w[1]).unroll(w[2]);

  if (config.at("stage") == 1) {
    Halide::Func load = func("load");
    load.compute_at(out, bxo).vectorize(load.args()[0], c_lanes);
  }

  const auto m = products.args();  // k, tx, ty, i, j, n
  products.compute_at(out, bxo)
      .split(m[0], ko, k, kt * lanes, round_up)
      .split(k, k, kv, lanes)
      .split(m[1], xo, xi, xt, round_up)
      .reorder(kv, k, xi, xo, m[2], ko, m[3], m[4], m[5])
      .vectorize(kv)
      .unroll(k)
      .unroll(xi);
  const auto a = acc.args();
  acc.compute_at(products, xo).split(a[0], ko, kv, lanes).vectorize(kv).unroll(ko).unroll(a[1]);
  acc.update()
      .split(a[0], ko, kv, lanes)
      .reorder(kv, ko, a[1], a[2], algorithm.reduction, a[3], a[4], a[5])
      .vectorize(kv)
      .unroll(ko)
      .unroll(a[1]);
  return finish(algorithm, binding);
}

// Relative L2 error in float32, twice what was measured with random data: F(2, .) 3e-7, F(4,
// 3) 2.1e-6 to 3.5e-6 for 64 to 512 channels; F(4, 5) has the points of F(6, 3).
double extra_error(const Task& task, const Config& config) {
  const dsl::Window window = dsl::window_of(task.attrs);
  const int64_t points = config.at("m") + std::max(window.kernel_h, window.kernel_w) - 1;
  return points <= 4 ? 1e-6 : points <= 6 ? 8e-6 : 4e-5;
}

}  // namespace

Space conv_winograd_space() {
  return {"winograd", 2, serves, axes, legal, initial, packing, apply, extra_error};
}

}  // namespace tenfold::schedules
