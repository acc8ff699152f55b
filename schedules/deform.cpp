// "deform": for each tile of pixels, all moved taps of all channels are sampled into a small
// buffer, which then feeds a register tile as the input of a convolution would. No image of columns
// is ever made.
//
//   lanes, vectors  vectors of a tile along the output channels
//   tile            pixels of a tile
//   rows            rows that a thread takes at once; 0: one thread does all
#include <algorithm>

#include "dsl/op.h"
#include "schedules/alias.h"
#include "schedules/finish_halide.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

bool serves(const Task& task, const Target& target) {
  return task.op == "deform_conv2d" && target.device == DeviceKind::cpu;
}

struct Shape {
  int64_t groups, c, k, width, rows;
};

Shape shape_of(const Task& task) {
  const Dims& out = task.outputs[0].dims;
  const int64_t groups = task.attrs.get_int("groups", 1);
  return {groups, task.inputs[0].dims[3], out[3] / groups, out[2], out[0] * out[1]};
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  Axis tile{"tile", {}};
  for (const int64_t t : {1, 2, 3, 4, 6, 8, 12})
    if (t <= s.width) tile.values.push_back(t);
  return {lanes_axis(s.k, target), Axis{"vectors", {1, 2, 3, 4, 6}}, tile, rows_axis(s.rows)};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const Shape s = shape_of(task);
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  const int64_t lanes = config.at("lanes"), vectors = config.at("vectors"),
                tile = config.at("tile");
  if (vectors * tile + std::min(vectors, tile) + 1 > target.registers)
    return illegal("the tile must spill");
  if (vectors > 1 && (vectors - 1) * lanes >= s.k) return illegal("more vectors than outputs");
  if (s.groups > 1 && s.k % (lanes * vectors) != 0)
    return illegal("a vector must not cross groups");
  if (s.width % tile != 0 && may_alias(task, 1))
    return illegal("a task that may run in place must not compute anything twice");
  return {};
}

Config initial(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  Config config{"deform",
                {{"lanes", 1},
                 {"vectors", 1},
                 {"tile", 1},
                 {"rows", good_rows(s.rows, dsl::flops(task) / 16)}}};
  Config best = config;
  double most = 0;
  const std::vector<Axis> all = axes(task, target);
  for (const int64_t lanes : all[0].values)
    for (const int64_t vectors : all[1].values)
      for (const int64_t tile : all[2].values) {
        config.values["lanes"] = lanes, config.values["vectors"] = vectors,
        config.values["tile"] = tile;
        if (!legal(task, target, config)) continue;
        const double score = static_cast<double>(lanes) * tile_use(s.k, lanes * vectors) *
                             tile_use(s.width, tile) *
                             tile_rate(static_cast<double>(vectors), static_cast<double>(tile));
        if (score > most * 1.01) most = score, best = config;
      }
  return best;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  const int64_t width = config.at("lanes") * config.at("vectors");
  std::vector<Packing> packings = plain_packings(task);
  const Dims& weights = packings[0].source;  // {K, C, R, S} to {K/block, R, S, C, block}
  packings[0].axes = distinct_axes({{0, width, (weights[0] + width - 1) / width},
                                    {2, 1, weights[2]},
                                    {3, 1, weights[3]},
                                    {1, 1, weights[1]},
                                    {0, 1, width}});
  return packings;
}

/// parallel runs of rows: for tiles of x: sample all taps and channels; for blocks of k:
///   [sums of a tile = 0; for taps, c: sums += ...; store]
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  const Shape s = shape_of(task);
  Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc"),
       sample = algorithm.funcs.at("sample");
  const int lanes = static_cast<int>(config.at("lanes")),
            width = lanes * static_cast<int>(config.at("vectors"));
  const int tile = static_cast<int>(config.at("tile"));
  const std::vector<Var> at = out.args();
  Var block("block"), ki("ki"), vi("vi"), xi("xi"), row("row");
  split_vectors(out, at[0], block, ki, vi, task.outputs[0].dims[3], lanes, width / lanes,
                TailStrategy::GuardWithIf);
  out.split(at[1], at[1], xi, tile, TailStrategy::ShiftInwards)
      .reorder(vi, ki, xi, block, at[1], at[2], at[3])
      .unroll(xi)
      .fuse(at[2], at[3], row);
  if (const int run = static_cast<int>(config.at("rows"))) {
    Var outer("outer");
    out.split(row, outer, row, run, TailStrategy::GuardWithIf).parallel(outer);
  }

  const Var c = sample.args()[0];
  Var ci("ci");
  sample.compute_at(out, at[1])
      .split(c, c, ci, static_cast<int>(good_lanes(s.c, target)), TailStrategy::Predicate)
      .vectorize(ci);

  acc.compute_at(out, block);
  if (s.groups == 1) acc.bound_extent(acc.args()[0], width);
  for (int stage = 0; stage < 2; ++stage) {
    Halide::Stage f = stage == 0 ? Halide::Stage(acc) : acc.update();
    const Var ak = acc.args()[0], ax = acc.args()[1];
    Var v("v");
    f.split(ak, ak, v, lanes).vectorize(v).unroll(ak).unroll(ax);
    if (stage == 0)
      f.reorder(v, ak, ax);
    else
      f.reorder(v, ak, ax, algorithm.reduction[0], algorithm.reduction[1]);
  }
  return finish(algorithm, binding);
}

}  // namespace

Space deform_space() {
  return {"deform", 2, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
