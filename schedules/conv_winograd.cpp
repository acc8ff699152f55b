// "winograd": 3x3 and its like (1x3, 7x1, 5x5, dilated ones) at stride 1 and 2, and transposed
// ones, through Winograd's minimal filtering. The output is cut into tiles of my x mx; a block of
// tiles is transformed once, multiplied plane by plane, and transformed back while all of it lies
// in L2. Measured on one Zen 3 core of about 110 GFLOP/s FMA peak, 2026-11: 96 -> 24 at 96x192 runs
// at an effective 275 GFLOP/s (4x4, blocks of 12 tiles, 3 vectors x 4 tiles of accumulators), 64 ->
// 64 at 56x56 at 295. Groups are taken a few at a time, so that what is transformed stays near L1:
// on one core of a Granite Rapids, 2026-11, 28x28 with 24 channels a group takes 0.20 ms where
// direct takes 0.42, with 32 0.64 and 1.34; AlexNet's 5x5 in two groups 0.71 and 2.3. At stride 2
// there, 128 -> 256 at 40x40 1.16 and 1.47, with 8 lanes 1.57 and 2.56; a transposed 4x4 of stride
// 2, 256 -> 256 at 32x24, 5.4 and 10.4.
#include <algorithm>
#include <limits>

#include "dsl/op.h"
#include "dsl/window.h"
#include "dsl/winograd_convolution_halide.h"
#include "dsl/winograd_side.h"
#include "schedules/ahead_halide.h"
#include "schedules/conv_loops.h"
#include "schedules/finish_halide.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"
#include "schedules/winograd_cycles.h"

namespace tenfold::schedules {
namespace {

WinogradShape shape_of(const Task& task, const Config& config) {
  return winograd_shape(task, config.at("my"), config.at("mx"));
}

WinogradLoops loops_of(const Config& config) {
  return {config.at("lanes"), config.at("kt"), config.at("xt"),
          config.at("bx"),    config.at("by"), config.at("gb")};
}

dsl::WinogradGrid grid_of(const Task& task, const Config& config) {
  const WinogradShape g = shape_of(task, config);
  const int64_t bx = block_width(g, config.at("bx")), by = config.at("by");
  return {static_cast<int>(g.tile_h), static_cast<int>(g.tile_w),
          static_cast<int>(divide_up(g.tiles_y, by) * by),
          static_cast<int>(divide_up(g.tiles_x, bx) * bx), config.at("bx") == 0};
}

// All planes of a vector are transformed at once, as code without loops.
constexpr int64_t most_planes = 81;

// Of a dilated convolution, whose tiles are mostly padding long before.
constexpr int64_t most_phases = 1 << 16;

// Further out than this the transforms cost more than they save.
int64_t most_block_bytes(const Target& target) {
  return 24 * target.l2_bytes;
}

// Below 8 channels the transforms cost more than the products save, and below 16 output pixels the
// larger weights do; so do half-empty vectors, which groups that they do not divide would leave. A
// block is a row of tiles, or four of it. Stride 2 is for kernels without dilation, transposed ones
// for those without groups in which each place of a stride has taps.
bool serves(const Task& task, const Target& target) {
  const bool transposed = task.op == "conv_transpose2d";
  if ((task.op != "conv2d" && !transposed) || target.device != DeviceKind::cpu) return false;
  const dsl::Window w = dsl::window_of(task.attrs);
  const Dims& out = task.outputs[0].dims;
  const int64_t taps = std::max(w.kernel_h, w.kernel_w);
  const WinogradShape g = winograd_shape(task, 2, 2);
  if (g.phases > most_phases) return false;
  if (transposed &&
      (g.groups > 1 || g.phases > 1 || w.kernel_h < w.stride_h || w.kernel_w < w.stride_w))
    return false;
  const bool wide =
      g.groups == 1 ? std::min(g.group_c, g.group_k) >= 16 : g.group_c >= 8 && g.group_k % 8 == 0;
  const int64_t stride = std::max(w.stride_h, w.stride_w);
  return wide && task.attrs.get_int("shuffle", 1) == 1 &&
         (stride == 1 || (stride == 2 && w.dilation_h == 1 && w.dilation_w == 1)) && taps >= 3 &&
         taps <= 7 && out[1] * out[2] >= 16 &&
         block_bytes(g, std::min<int64_t>(g.tiles_x, 4), 1) <= most_block_bytes(target);
}

std::vector<int64_t> lane_choices(const Task& task, const Target& target) {
  std::vector<int64_t> lanes;
  for (int64_t width = 4; width <= target.lanes; width *= 2)
    if (winograd_shape(task, 2, 2).group_k % width == 0) lanes.push_back(width);
  return lanes.empty() ? std::vector<int64_t>{target.lanes} : lanes;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  std::vector<int64_t> blocks;
  const int64_t groups = task.attrs.get_int("groups", 1);
  for (const int64_t count : {1, 2, 4, 8, 16})
    if (groups % count == 0) blocks.push_back(count);
  return {{"my", {2, 4, 6}},  // rows of a tile, where the kernel has several (in each place of a
                              // stride of a transposed convolution)
          {"mx", {2, 4, 6}},  // and its columns
          {"lanes", lane_choices(task, target)},             // of a vector of output channels
          {"kt", {1, 2, 3, 4, 6}},                           // such vectors in a register tile
          {"xt", {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16}},  // tiles in a register tile
          {"bx", {0, 4, 6, 8, 12, 14, 16, 24, 28, 48}},  // tiles in a block along x; 0: whole rows,
                                                         // whose tiles are counted through
          {"by", {1, 2, 3, 4, 5, 7, 8, 14}},             // rows of tiles in a block
          {"gb", blocks},                                // groups in a block
          {"par", {0, 1}},     // threads share 0: blocks, 1: each step of a block
          {"stage", {0, 1}}};  // 1: a block's input is copied first, densely
}

// The most points of any form, outputs + taps - 1; at stride 2 the even taps have one and the odd
// ones another.
int64_t interpolation_points(const Task& task, const WinogradShape& g) {
  const dsl::Window window = dsl::window_of(task.attrs);
  return std::max(g.each_h + divide_up(window.kernel_h, window.stride_h),
                  g.each_w + divide_up(window.kernel_w, window.stride_w)) -
         1;
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "winograd: " + rule};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const dsl::Window window = dsl::window_of(task.attrs);
  const int64_t kt = config.at("kt"), xt = config.at("xt"), bx = config.at("bx"),
                by = config.at("by");
  const WinogradShape g = shape_of(task, config);
  if (interpolation_points(task, g) > 8) return illegal("more than 8 interpolation points");
  if (g.points() > most_planes) return illegal("more than 81 planes");
  if (std::min(window.kernel_h, window.kernel_w) == 1 && config.at("my") != config.at("mx"))
    return illegal("a tile's size along one side alone is the same by either name");
  if (kt * xt + kt + 1 > target.registers) return illegal("the register tile spills");
  const int64_t lanes = config.at("lanes");
  if (kt > divide_up(g.group_k, lanes)) return illegal("the register tile is wider than K");
  if (g.groups > 1 && g.group_k % (kt * lanes) != 0)
    return illegal("the register tile reaches into another group");
  if (g.groups > 1 && config.at("par") == 1) return illegal("threads share groups");
  if (bx > 0 ? bx % xt != 0 : xt > g.tiles_x * by)
    return illegal("a block is no multiple of the register tile");
  if (bx >= g.tiles_x || by > g.tiles_y) return illegal("the block is larger than the image");
  if (bx > 0 && by > 1) return illegal("a block is a piece of a row of tiles or whole rows");
  // A mask inside the unrolled transforms would multiply their code by its edges.
  if (config.at("stage") == 0 &&
      !dsl::halo_serves(task, dsl::winograd_reach(task, grid_of(task, config))))
    return illegal("a masked input is copied first");
  if (block_bytes(g, block_width(g, bx) * by, config.at("gb")) > most_block_bytes(target))
    return illegal("a block's transforms lie far outside L2");
  return {};
}

// Relative L2 error in float32, at least twice what was measured with random data, 64 to 512
// channels, in two dimensions: F(2, 3) 2.5e-7; F(4, 3) 0.8e-6 to 2.1e-6, F(2, 5) the same; F(6, 3)
// 3.2e-6 to 8e-6; F(4, 5) 2.9e-6 to 7.5e-6; F(2, 7) 4.1e-6 to 1e-5. Along one side alone it is the
// square root of that; of two unequal sides the larger counts. At stride 2, and transposed, the
// forms are of half as many taps: F(2, 3) has 2.9e-7, F(4, 3) 5.4e-7.
double error_of(const Task& task, const WinogradShape& g) {
  const dsl::Window window = dsl::window_of(task.attrs);
  const int64_t taps = std::max(window.kernel_h, window.kernel_w),
                points = interpolation_points(task, g);
  if (points <= 4 || std::min(window.kernel_h, window.kernel_w) == 1) return 2e-6;
  if (points <= 6) return 5e-6;
  return taps == 5 ? 1.6e-5 : 2.5e-5;
}

double extra_error(const Task& task, const Config& config) {
  return error_of(task, shape_of(task, config));
}

double cycles(const Task& task, const Target& target, const Config& config) {
  return winograd_cycles(task, shape_of(task, config), target, loops_of(config));
}

// What is accurate enough unless told otherwise, the widest vectors that divide K, and the cheapest
// tiles and blocks, where what the second of two threads waits counts half.
Config initial(const Task& task, const Target& target) {
  Config best;
  double best_cost = std::numeric_limits<double>::max();
  const std::vector<Axis> all = axes(task, target);
  const auto values = [&](const char* name) -> const std::vector<int64_t>& {
    return std::find_if(all.begin(), all.end(), [&](const Axis& axis) { return axis.name == name; })
        ->values;
  };
  const int64_t lanes = values("lanes").back();
  const auto consider = [&](const WinogradShape& g, double penalty, Config config) {
    const int64_t parts = task.outputs[0].dims[0] * divide_up(g.groups, config.at("gb"));
    const auto busy = static_cast<double>(busiest(parts, g.tiles_y, config.at("by"), 2));
    const double idle =
        config.at("par") == 0 ? busy / static_cast<double>(parts * g.tiles_y) - 0.5 : 0;
    const double cost = penalty * (1 + idle) * winograd_cycles(task, g, target, loops_of(config));
    if (cost >= best_cost) return;
    if (!legal(task, target, config)) config.values["stage"] = 1;
    if (legal(task, target, config)) best_cost = cost, best = std::move(config);
  };
  for (const int64_t my : values("my"))
    for (const int64_t mx : values("mx")) {
      // No better than the other way round, but for what is lower than six rows.
      if (mx > my && task.outputs[0].dims[1] > 6) continue;
      const WinogradShape g = winograd_shape(task, my, mx);
      const double penalty = error_of(task, g) <= default_accuracy ? 1 : 1e6;
      for (const int64_t bx : values("bx"))
        for (const int64_t by : values("by")) {
          if (bx > 0 && by > 1) continue;
          const int64_t threads_share = divide_up(g.tiles_y, by) * task.outputs[0].dims[0];
          for (const int64_t gb : values("gb"))
            for (const int64_t kt : values("kt"))
              for (const int64_t xt : values("xt"))
                consider(g, penalty,
                         {"winograd",
                          {{"my", my},
                           {"mx", mx},
                           {"lanes", lanes},
                           {"kt", kt},
                           {"xt", xt},
                           {"bx", bx},
                           {"by", by},
                           {"gb", gb},
                           {"par", g.groups == 1 && threads_share < 4},
                           {"stage", 0}}});
        }
    }
  return best;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  const WinogradShape g = shape_of(task, config);
  const int64_t block = config.at("kt") * config.at("lanes");
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task))
    packings.push_back(plain_packing(param.dims, config.at("lanes")));

  // {K, C, R, S}, of a transposed one {C, K, R, S}, to {groups, plane j, plane i, K block, C, k in
  // block}: the order in which they are read.
  const bool transposed = task.op == "conv_transpose2d";
  const int k_dim = transposed ? 1 : 0, c_dim = 1 - k_dim;
  Packing& weights = packings[0];
  const auto transform = [](int dim, const dsl::WinogradTransforms& t) -> PackTransform {
    return {dim, t.filter.rows, t.filter.cols, t.filter.values};
  };
  weights.transforms = {
      transform(2, dsl::winograd_height(task, static_cast<int>(g.tile_h)).transforms),
      transform(3, dsl::winograd_width(task, static_cast<int>(g.tile_w)).transforms)};
  const int64_t groups_k = config.at("gb") * g.group_k;
  weights.axes = {{2, 1, g.points_y},
                  {3, 1, g.points_x},
                  {k_dim, block, divide_up(groups_k, block)},
                  {c_dim, 1, weights.source[c_dim]},
                  {k_dim, 1, block}};
  if (groups_k < weights.source[k_dim]) {
    weights.axes.insert(weights.axes.begin(), {k_dim, groups_k, weights.source[k_dim] / groups_k});
    weights.axes = distinct_axes(weights.axes);
  }
  return packings;
}

/// The rows of pixels that a block of whole rows of tiles ends in, where its thread writes them all
/// and little else lies between their channels; nothing otherwise.
ResultStream results_of(const Task& task, const Config& config, const std::string& buffer,
                        const NamedLoop& columns, const NamedLoop& sums) {
  const View& out = task.outputs[0];
  const WinogradShape g = shape_of(task, config);
  const int64_t channels = out.dims[3];
  if (config.at("bx") != 0 || config.at("par") != 0 || g.phases != 1 || g.groups != 1 ||
      out.strides[3] != 1 || out.strides[2] >= 2 * channels)
    return {};
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  const int64_t k_blocks = divide_up(channels, config.at("lanes") * config.at("kt"));
  const int64_t rows = config.at("by") * g.tile_h * out.strides[1];
  return {buffer,
          {{".j", whole(g.points_y)},
           {".i", whole(g.points_x)},
           {".ko", whole(k_blocks)},
           columns,
           sums},
          whole(out.offset),
          {{".n", whole(out.strides[0])}, {".byo", whole(rows)}},
          whole(std::min(rows, out.dims[1] * out.strides[1]))};
}

/// parallel n, groups, block row: for block column:
///   for phase, tile, c by vectors: [rows; all planes of "tiles"]              transformed input,
///   in L2 for plane, k block, phase, register tile: [sums in registers over c; store "products"]
///   for phase, tile, k by vectors: [half; result; chain; a tile's stores]
/// par=1: n and the blocks are serial, and threads share the tiles, then the planes, then the rows
/// of tiles: large weights are then read once by all together.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const auto value = [&](const char* axis) { return static_cast<int>(config.at(axis)); };
  const int lanes = value("lanes"), kt = value("kt"), xt = value("xt"), by = value("by");
  const WinogradShape shape = shape_of(task, config);
  const int bx = static_cast<int>(block_width(shape, config.at("bx")));
  const bool inside = config.at("par") == 1;
  const dsl::WinogradGrid grid = grid_of(task, config);
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  const dsl::Algorithm algorithm = dsl::winograd_convolution(task, binding, grid);
  const auto func = [&](const char* name) { return algorithm.funcs.at(name); };
  Halide::Func out = func("out"), rows = func("rows"), tiles = func("tiles"), acc = func("acc");
  Halide::Func products = func("products"), half = func("half"), result = func("result");

  const auto k = out.args()[0], x = out.args()[1], y = out.args()[2], n = out.args()[3];
  const auto guard = Halide::TailStrategy::GuardWithIf, round_up = Halide::TailStrategy::RoundUp;
  Halide::Var tx("tx"), q("q"), ty("ty"), p("p"), bxo("bxo"), bxi("bxi"), byo("byo"), byi("byi"),
      kv("kv"), f("f"), g("g"), plane("plane"), kg("kg");
  const bool whole_vectors = task.outputs[0].dims[3] % lanes == 0;
  const bool by_groups = config.at("gb") < shape.groups;
  if (by_groups) out.split(k, kg, k, value("gb") * static_cast<int>(shape.group_k));
  const dsl::Window window = dsl::window_of(task.attrs);
  out.split(x, x, f, static_cast<int>(window.dilation_w), guard)
      .split(y, y, g, static_cast<int>(window.dilation_h), guard)
      .split(x, tx, q, grid.tile_w, guard)
      .split(y, ty, p, grid.tile_h, guard)
      .split(tx, bxo, bxi, bx, guard)
      .split(ty, byo, byi, by, guard)
      .split(k, k, kv, lanes,
             whole_vectors ? Halide::TailStrategy::Auto : Halide::TailStrategy::Predicate)
      .vectorize(kv)
      .unroll(q)
      .unroll(p);
  if (by_groups)
    out.reorder(kv, q, p, k, bxi, byi, f, g, bxo, byo, kg, n).fuse(byo, kg, byo);
  else
    out.reorder(kv, q, p, k, bxi, byi, f, g, bxo, byo, n);
  out.parallel(inside ? byi : byo);
  if (!inside && task.outputs[0].dims[0] > 1) out.parallel(n);

  const auto r = result.args();  // k, tx, ty, q, p, f, g, n
  Halide::Var ki("ki"), ko("ko"), xo("xo"), xi("xi");
  result.compute_at(out, k).vectorize(r[0], lanes).unroll(r[3]).unroll(r[4]);
  const auto h = half.args();  // k, tx, ty, i, p, f, g, n
  half.compute_at(out, k).vectorize(h[0], lanes).unroll(h[3]).unroll(h[4]);

  const auto t = tiles.args();  // c, tx, ty, i, j, f, g, n
  const int64_t channels = config.at("gb") * shape.group_c;
  int c_lanes = target.lanes;
  while (channels % c_lanes != 0 && c_lanes > 1) c_lanes /= 2;
  Halide::Var cv("cv");
  tiles.compute_at(out, bxo)
      .split(t[0], t[0], cv, c_lanes)
      .reorder(cv, t[3], t[4], t[0], t[1], t[2], t[5], t[6], t[7])
      .vectorize(cv)
      .unroll(t[3])
      .unroll(t[4]);
  if (inside) tiles.parallel(t[1]);
  const auto w = rows.args();  // c, column, j, tx, ty, f, g, n
  rows.compute_at(tiles, t[0]).vectorize(w[0], c_lanes).unroll(w[1]).unroll(w[2]);

  if (config.at("stage") == 1) {
    Halide::Func load = func("load");
    load.compute_at(out, bxo).vectorize(load.args()[0], c_lanes);
    if (inside) load.parallel(load.args()[2]);
  }

  const auto m = products.args();  // k, tx, ty, i, j, f, g, n
  products.compute_at(out, bxo)
      .split(m[0], ko, k, kt * lanes, round_up)
      .split(k, k, kv, lanes)
      .split(m[1], xo, xi, xt, grid.flat ? Halide::TailStrategy::ShiftInwards : round_up)
      .reorder(kv, k, xi, xo, m[2], m[5], m[6], ko, m[3], m[4], m[7])
      .vectorize(kv)
      .unroll(k)
      .unroll(xi);
  if (inside) products.fuse(m[3], m[4], plane).parallel(plane);
  const auto a = acc.args();
  acc.compute_at(products, xo).split(a[0], ko, kv, lanes).vectorize(kv).unroll(ko).unroll(a[1]);
  acc.update()
      .split(a[0], ko, kv, lanes)
      .reorder(kv, ko, a[1], a[2], algorithm.reduction, a[3], a[4], a[5], a[6], a[7])
      .vectorize(kv)
      .unroll(ko)
      .unroll(a[1]);
  // Planes that lie an odd number of tiles apart spread over the sets of the first-level cache: a
  // tile's transform writes one line of each. 2 % of the time at 56x56 with 64 channels.
  const int tile_count = grid.flat ? grid.tiles_x * by : bx;
  tiles.bound_storage(t[1], tile_count | 1);
  products.bound_storage(m[1], tile_count | 1);

  Scheduled scheduled = finish(algorithm, binding);
  const NamedLoop columns{".xo", static_cast<int>(divide_up(tile_count, xt))},
      sums{algorithm.reduction.x.name(), static_cast<int>(shape.group_c)};
  prefetch_next_block(scheduled,
                      {binding.params[0].name(),
                       {{".g", static_cast<int>(window.dilation_h)},
                        {".f", static_cast<int>(window.dilation_w)},
                        columns},
                       {sums},
                       kt * lanes},
                      results_of(task, config, out.name(), columns, sums));
  return scheduled;
}

}  // namespace

Space conv_winograd_space() {
  return {"winograd", 9, serves, axes, legal, initial, packing, apply, extra_error, cycles};
}

}  // namespace tenfold::schedules
