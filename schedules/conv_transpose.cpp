// "conv_transpose": a register tile for each place within a stride of the output. Every place is a
// dense product of its own, so nothing is multiplied by the zeros that a stride puts between the
// inputs.
//
// Vectors run along the output channels, or, where there are too few of them, along whole strides
// of x; then all places share the vectors that are loaded.
//
//   lanes, vectors  vectors of a tile along the output channels (vectors: 1 where they run along x)
//   tile            whole strides of x in a tile (a multiple of lanes where vectors run along them)
//   order           blocks of output channels are 0: inside the loops over tiles, 1: outside: large
//                   weights are then read once a block, and threads take blocks
//   rows            rows of whole strides that a thread takes at once; 0: one thread does all
#include <algorithm>

#include "dsl/op.h"
#include "dsl/transpose_side.h"
#include "dsl/window.h"
#include "schedules/alias.h"
#include "schedules/conv_loops_halide.h"
#include "schedules/conv_tiles.h"
#include "schedules/finish_halide.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using dsl::TransposeSide;
using Halide::Func;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

bool serves(const Task& task, const Target& target) {
  return task.op == "conv_transpose2d" && target.device == DeviceKind::cpu;
}

struct Shape {
  int64_t groups, c, k;    // channels of a group
  int64_t wholes, height;  // strides along x and y, rounded up
  bool across_x;
};

Shape shape_of(const Task& task) {
  const TransposeSide h = dsl::transpose_height(task), w = dsl::transpose_width(task);
  const int64_t groups = task.attrs.get_int("groups", 1), k = task.outputs[0].dims[3];
  const int64_t wholes = w.wholes();
  return {groups,
          task.inputs[0].dims[3] / groups,
          k / groups,
          wholes,
          h.wholes() * task.outputs[0].dims[0],
          k < 4 && wholes > k && h.stride * w.stride <= 8};
}

int64_t places(const Task& task) {
  return dsl::transpose_height(task).stride * dsl::transpose_width(task).stride;
}

double weight_bytes(const Task& task) {
  return 4 * static_cast<double>(*volume(dsl::params(task)[0].dims));
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  Axis tile{"tile", {}};
  const Axis lanes = lanes_axis(s.across_x ? s.wholes : s.k, target);
  for (const int64_t t : {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 32})
    if (t <= s.wholes) tile.values.push_back(t);
  return {
      lanes,
      Axis{"vectors", s.across_x ? std::vector<int64_t>{1} : std::vector<int64_t>{1, 2, 3, 4, 6}},
      tile, Axis{"order", s.across_x ? std::vector<int64_t>{0} : std::vector<int64_t>{0, 1}},
      rows_axis(s.height)};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const Shape s = shape_of(task);
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  const int64_t lanes = config.at("lanes"), vectors = config.at("vectors"),
                tile = config.at("tile");
  if (s.across_x && tile % lanes != 0)
    return illegal("lanes must divide the tile that they run along");
  const int64_t accumulators = s.across_x ? tile / lanes * places(task) : vectors * tile;
  if (accumulators + (s.across_x ? tile / lanes : std::min(vectors, tile)) + 1 > target.registers)
    return illegal("the tile must spill");
  if (!s.across_x && vectors > 1 && (vectors - 1) * lanes >= s.k)
    return illegal("more vectors than outputs");
  if (s.groups > 1 && !s.across_x && s.k % (lanes * vectors) != 0)
    return illegal("a vector must not cross groups");
  if (config.at("order") == 1 && config.at("rows") > 0)
    return illegal("threads take either rows or blocks");
  if (s.wholes % tile != 0 && task.outputs[0].dims[2] % dsl::transpose_width(task).stride != 0)
    return illegal("an overlapping tile needs whole strides");
  if (s.wholes % tile != 0 && may_alias(task, 1))
    return illegal("a task that may run in place must not compute anything twice");
  return {};
}

Config initial(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  const double work = static_cast<double>(*volume(task.outputs[0].dims)) + dsl::flops(task) / 32;
  Config config{"conv_transpose",
                {{"lanes", 1}, {"vectors", 1}, {"tile", 1}, {"order", 0}, {"rows", 0}}};
  Config best = config;
  double most = 0;
  const std::vector<Axis> all = axes(task, target);
  for (const int64_t lanes : all[0].values)
    for (const int64_t vectors : all[1].values)
      for (const int64_t tile : all[2].values) {
        config.values["lanes"] = lanes, config.values["vectors"] = vectors,
        config.values["tile"] = tile;
        if (!legal(task, target, config)) continue;
        const double across = static_cast<double>(s.across_x ? tile / lanes : vectors),
                     all_places = static_cast<double>(places(task)),
                     sums = across * (s.across_x ? all_places : static_cast<double>(tile));
        // Along x every vector is gathered lane by lane, and then serves all places.
        const double cycles =
            s.across_x ? across * static_cast<double>(lanes) +
                             (sums * unit_cycles(target, lanes) + all_places) / 2
                       : tile_cycles(target, lanes, vectors, tile) / tile_use(s.k, lanes * vectors);
        // Of larger tiles less is ends.
        const double score = static_cast<double>(lanes) * sums * sums / (sums + 2) *
                             tile_use(s.wholes, tile) / cycles;
        if (score > most * 1.01) most = score, best = config;
      }
  if (!s.across_x && weight_bytes(task) > static_cast<double>(target.l2_bytes) / 2)
    best.values["order"] = 1;
  else
    best.values["rows"] = good_rows(s.height, work);
  return best;
}

/// Sums, and weights that come from beyond the first level for each tile. All that come from memory
/// are waited for, other than direct's, which are asked for ahead. Precondition: vectors of output
/// channels; with vectors along x nothing competes.
double cycles(const Task& task, const Target& target, const Config& config) {
  const Shape s = shape_of(task);
  const dsl::Window window = dsl::window_of(task.attrs);
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const int64_t lanes = config.at("lanes"), vectors = config.at("vectors"),
                tile = config.at("tile");
  const int64_t tiles = divide_up(s.wholes, tile) * s.height,
                blocks = s.groups * divide_up(s.k, lanes * vectors);
  const double sums =
      real(s.c * window.kernel_h * window.kernel_w) * tile_cycles(target, lanes, vectors, tile) +
      real(places(task)) * (10 + 1.5 * real(vectors * tile));
  const double image = real(tiles * blocks) * sums;
  const double weights = weight_bytes(task),
               again = weights_again(weights, weights / real(blocks), tiles, target);
  return image + weights / memory_bytes_per_cycle + std::min(image, again) / 4;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  const Shape s = shape_of(task);
  const TransposeSide h = dsl::transpose_height(task), w = dsl::transpose_width(task);
  const int64_t width =
      s.across_x || s.groups > 1 ? s.k : config.at("lanes") * config.at("vectors");
  std::vector<Packing> packings = plain_packings(task);
  // {K/block, phase y, phase x, tap y, tap x, C, block}
  packings[0].axes = {{1, width, divide_up(s.k, width)},
                      {2, 1, h.phases()},
                      {3, 1, w.phases()},
                      {2, h.phases(), h.taps_each()},
                      {3, w.phases(), w.taps_each()},
                      {0, 1, s.c * s.groups},
                      {1, 1, width}};
  packings[0].axes = distinct_axes(packings[0].axes);
  return packings;
}

// Beyond this the input is masked and changed where it is read: an allocation has less than 2 GiB.
constexpr double most_copied_bytes = 1 << 30;

/// Of the input with all that is read around it.
double copied_bytes(const Task& task) {
  const Dims& in = task.inputs[0].dims;
  const Halo reach = dsl::transpose_reach(task);
  return 4 * static_cast<double>(in[0]) * static_cast<double>(in[1] + reach.top + reach.bottom) *
         static_cast<double>(in[2] + reach.left + reach.right) * static_cast<double>(in[3]);
}

TailStrategy overlap(const Shape& s, int64_t tile) {
  return s.wholes % tile == 0 ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards;
}

/// the input, where it is masked or changed on load;
/// parallel runs of rows: for tiles of whole strides of x: for blocks of k:
///   for places: [sums of a tile = 0; for taps, c: sums += ...]; for places: [store]
/// order=1: parallel blocks of k: for rows: for tiles: the same.
void order_along_k(const Task& task, const dsl::Algorithm& algorithm, const Config& config,
                   Func out, const Var& row) {
  const Shape s = shape_of(task);
  const TransposeSide h = dsl::transpose_height(task), w = dsl::transpose_width(task);
  const int lanes = static_cast<int>(config.at("lanes")),
            width = lanes * static_cast<int>(config.at("vectors"));
  const int tile = static_cast<int>(config.at("tile"));
  const std::vector<Var> at = out.args();
  Var block("block"), ki("ki"), vi("vi"), xi("xi"), xp("xp"), yp("yp");
  split_vectors(out, at[0], block, ki, vi, task.outputs[0].dims[3], lanes, width / lanes,
                TailStrategy::GuardWithIf);
  out.split(at[1], at[1], xp, static_cast<int>(w.stride), TailStrategy::GuardWithIf)
      .split(at[1], at[1], xi, tile, overlap(s, tile))
      .unroll(xi);
  const bool outside = config.at("order") == 1;
  if (outside)
    out.reorder(vi, ki, xi, xp, yp, at[1], row, block).parallel(block);
  else
    out.reorder(vi, ki, xi, xp, yp, block, at[1], row);
  Func acc = algorithm.funcs.at("acc");
  const std::vector<Var> a = acc.args();
  acc.compute_at(out, outside ? at[1] : block)
      .bound_extent(a[1], tile)
      .bound_extent(a[3], static_cast<int>(w.stride))
      .bound_extent(a[4], static_cast<int>(h.stride));
  if (s.groups == 1) acc.bound_extent(a[0], width);
  for (int stage = 0; stage < 2; ++stage) {
    Halide::Stage f = stage == 0 ? Halide::Stage(acc) : acc.update();
    Var v("v");
    f.split(a[0], a[0], v, lanes).vectorize(v).unroll(a[0]).unroll(a[1]);
    if (stage == 0)
      f.reorder(v, a[0], a[1]);
    else
      f.reorder(v, a[0], a[1], algorithm.reduction[0], algorithm.reduction[1],
                algorithm.reduction[2], a[3], a[4]);
  }
}

/// parallel runs of rows: for tiles of whole strides of x:
///   [sums of a tile for all places = 0; for taps, c: sums += gathered inputs * ...; store]
void order_along_x(const Task& task, const dsl::Algorithm& algorithm, const Config& config,
                   Func out, const Var& row) {
  const Shape s = shape_of(task);
  const TransposeSide h = dsl::transpose_height(task), w = dsl::transpose_width(task);
  const int lanes = static_cast<int>(config.at("lanes")),
            tile = static_cast<int>(config.at("tile"));
  const std::vector<Var> at = out.args();
  Var vi("vi"), xi("xi"), xp("xp"), yp("yp");
  out.split(at[1], at[1], xp, static_cast<int>(w.stride), TailStrategy::GuardWithIf)
      .split(at[1], at[1], xi, tile, overlap(s, tile))
      .split(xi, xi, vi, lanes)
      .reorder(vi, xp, xi, yp, at[0], at[1], row)
      .vectorize(vi)
      .unroll(xp)
      .unroll(xi)
      .unroll(yp);
  Func acc = algorithm.funcs.at("acc");
  const std::vector<Var> a = acc.args();
  acc.compute_at(out, at[0])
      .bound_extent(a[1], tile)
      .bound_extent(a[3], static_cast<int>(w.stride))
      .bound_extent(a[4], static_cast<int>(h.stride));
  for (int stage = 0; stage < 2; ++stage) {
    Halide::Stage f = stage == 0 ? Halide::Stage(acc) : acc.update();
    Var v("v");
    f.split(a[1], a[1], v, lanes).vectorize(v).unroll(a[1]).unroll(a[3]).unroll(a[4]);
    if (stage == 0) {
      f.reorder(v, a[1], a[3], a[4]);
    } else {
      f.reorder(v, a[1], a[3], a[4], algorithm.reduction[0], algorithm.reduction[1],
                algorithm.reduction[2]);
    }
  }
}

Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  Func out = algorithm.funcs.at("out");
  const std::vector<Var> at = out.args();
  Var yp("yp"), row("row");
  out.split(at[2], at[2], yp, static_cast<int>(dsl::transpose_height(task).stride),
            TailStrategy::GuardWithIf)
      .fuse(at[2], at[3], row);
  if (shape_of(task).across_x)
    order_along_x(task, algorithm, config, out, row);
  else
    order_along_k(task, algorithm, config, out, row);
  if (const int run = static_cast<int>(config.at("rows"))) {
    Var outer("outer");
    out.split(row, outer, row, run, TailStrategy::GuardWithIf).parallel(outer);
  }
  if (algorithm.funcs.contains("load") && copied_bytes(task) <= most_copied_bytes) {
    keep_load(algorithm, out, row, task, target, stage_root);
    Func load = algorithm.funcs.at("load");
    load.parallel(load.args()[2]);
  }
  return finish(algorithm, binding);
}

}  // namespace

Space conv_transpose_space() {
  return {"conv_transpose", 3, serves, axes, legal, initial, packing, apply, nullptr, cycles};
}

}  // namespace tenfold::schedules
