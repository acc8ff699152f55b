// "instance_norm": instance_norm of maps with their channels side by side, and group_norm, in three
// passes over whole rows: sums and squares of each, from L1 the second time; their totals; the
// result. ("lines" keeps a few channels in registers and comes by three times, over pieces of
// pixels: 64x64 with 128 channels 0.34 ms so, 0.21 in whole rows; 128x128 with 5 channels 0.23 and
// 0.062.)
//
//   lanes, vectors  channels of a row that are summed at once
//   rows            rows that a thread takes at once; 0: one thread does all
#include <algorithm>

#include "dsl/normalize_halide.h"
#include "schedules/finish_halide.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

struct Shape {
  int64_t n, height, width, channels;
};

Shape shape_of(const Task& task) {
  const Dims& in = task.inputs[0].dims;
  return {in[0], in[1], in[2], in[3]};
}

bool serves(const Task& task, const Target& target) {
  if (target.device != DeviceKind::cpu) return false;
  if (task.op == "group_norm") return true;
  if (task.op != "instance_norm") return false;
  const Shape s = shape_of(task);
  return task.inputs[0].strides[3] == 1 && s.channels >= 4 && s.height > 1 && s.width > 1;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  Axis lanes{"lanes", {}};
  for (int64_t width = std::min<int64_t>(4, s.channels);
       width <= std::min<int64_t>(target.lanes, s.channels); width *= 2)
    lanes.values.push_back(width);
  return {lanes, {"vectors", {1, 2, 3, 4, 6, 8, 12}}, rows_axis(s.n * s.height)};
}

Status legal(const Task& task, const Target&, const Config& config) {
  const Shape s = shape_of(task);
  const auto illegal = [](const char* rule) {
    return Error{ErrorCode::invalid_argument, std::string("instance_norm: ") + rule};
  };
  if (config.at("lanes") * config.at("vectors") > s.channels)
    return illegal("more vectors than a pixel has");
  if (config.at("rows") > 0 && config.at("rows") * 2 > s.n * s.height)
    return illegal("fewer rows than two threads take");
  return {};
}

Config initial(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  const std::vector<Axis> all = axes(task, target);
  const int64_t lanes = all[0].values.back();
  Config config{"instance_norm",
                {{"lanes", lanes},
                 {"vectors", at_most(all[1], std::min<int64_t>(8, s.channels / lanes))},
                 {"rows", good_rows(s.n * s.height, elements_touched(task))}}};
  for (const int64_t vectors : {8, 6, 4})  // rather without channels that are summed twice
    if (vectors * lanes <= s.channels && s.channels % (vectors * lanes) == 0) {
      config.values["vectors"] = vectors;
      break;
    }
  return config;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  return plain_packings(task);
}

/// Rows of images, which threads take in runs.
Var by_rows(Halide::Stage stage, const Var& y, const Var& n, int run) {
  Var row("row"), outer("outer");
  stage.fuse(y, n, row);
  if (run > 0) stage.split(row, outer, row, run, TailStrategy::GuardWithIf).parallel(outer);
  return row;
}

/// parallel runs of rows: for blocks of channels: [for x: sums; for x: squares, in registers]
/// for channels by lanes: [totals over the rows]
/// parallel runs of rows: for x: for channels: a vector of the result
/// The last block of channels shifts inwards; the result's last vector is masked.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  const dsl::NormByRows norm = dsl::norm_by_rows(task, binding);
  const auto func = [&](const char* name) { return norm.algorithm.funcs.at(name); };
  const int lanes = static_cast<int>(config.at("lanes")),
            vectors = static_cast<int>(config.at("vectors")),
            run = static_cast<int>(config.at("rows"));
  const int width = lanes * vectors;

  Func rows = func("rows");
  const Var c = rows.args()[0];
  Var block("block"), inner("inner"), vector("vector"), lane("lane");
  rows.compute_root()
      .split(c, block, inner, width, TailStrategy::ShiftInwards)
      .split(inner, vector, lane, lanes)
      .vectorize(lane)
      .unroll(vector);
  by_rows(rows, rows.args()[1], rows.args()[2], run);
  for (const char* name : {"row_sum", "row_squares"}) {
    Func f = func(name);
    f.compute_at(rows, block).bound_extent(f.args()[0], width);
    for (Halide::Stage stage : {Halide::Stage(f), f.update()}) {
      Var v("v"), l("l");
      stage.split(f.args()[0], v, l, lanes).vectorize(l).unroll(v);
      if (stage.name() != f.name()) stage.reorder(l, v, norm.columns.x);
    }
  }

  for (const char* name : {"sum", "squares", "mean", "factor"}) {
    Func f = func(name);
    f.compute_root();
    const Var along = f.args()[0];
    const auto stage_in_vectors = [&](Halide::Stage stage) {
      Var l("l");
      stage.split(along, along, l, lanes, TailStrategy::Predicate).vectorize(l);
      return l;
    };
    stage_in_vectors(f);
    if (f.num_update_definitions() == 0) continue;
    const Var l = stage_in_vectors(f.update());
    f.update().reorder(l, norm.rows.x, along);
  }

  for (const char* name : {"group_sum", "group_squares"})
    if (norm.algorithm.funcs.contains(name)) func(name).compute_root();

  Func out = func("out");
  const std::vector<Var> at = out.args();
  Var o("o"), v("v"), l("l");
  split_vectors(out, at[0], o, v, l, task.outputs[0].dims[3], lanes, vectors,
                TailStrategy::Predicate);
  by_rows(out, at[2], at[3], run);
  return finish(norm.algorithm, binding);
}

}  // namespace

Space instance_norm_space() {
  return {"instance_norm", 1, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
