// "matmul": the product of two computed matrices as a register tile that reads both in place, or
// the right one from a copy in which its rows are dense.
//
//   lanes, vectors  vectors of a tile along n
//   tile            rows of a tile
//   copy            1: all of the right matrices are copied first
//   rows            rows of tiles, over all batches, that a thread takes at once; 0: one thread
//   does all
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
using Halide::VarOrRVar;

bool serves(const Task& task, const Target& target) {
  return task.op == "matmul" && target.device == DeviceKind::cpu;
}

int64_t n_of(const Task& task) {
  return task.outputs[0].dims.back();
}
int64_t m_of(const Task& task) {
  return task.outputs[0].dims[task.outputs[0].dims.size() - 2];
}

int64_t tile_rows(const Task& task, int64_t tile) {
  return *volume(task.outputs[0].dims) / n_of(task) / m_of(task) * ((m_of(task) + tile - 1) / tile);
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  Axis tile{"tile", {}};
  for (const int64_t t : {1, 2, 3, 4, 6, 8, 12})
    if (t <= m_of(task)) tile.values.push_back(t);
  return {lanes_axis(n_of(task), target), Axis{"vectors", {1, 2, 3, 4}}, tile, Axis{"copy", {0, 1}},
          rows_axis(tile_rows(task, 1))};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  const int64_t lanes = config.at("lanes"), vectors = config.at("vectors"),
                tile = config.at("tile");
  if (vectors * tile + vectors + 1 > target.registers) return illegal("the tile must spill");
  if (lanes * vectors > n_of(task)) return illegal("a tile must not be wider than the output");
  // A last tile overlaps the one before: it would read what that one has written.
  if (may_alias(task, 1) && (n_of(task) % (lanes * vectors) != 0 || m_of(task) % tile != 0))
    return illegal("an output in an operand's memory is not computed twice");
  if (config.at("rows") * 2 > tile_rows(task, tile))
    return illegal("fewer rows than two threads take");
  return {};
}

Config initial(const Task& task, const Target& target) {
  Config config{"matmul", {{"lanes", 1}, {"vectors", 1}, {"tile", 1}, {"copy", 0}, {"rows", 0}}};
  Config best = config;
  double most = 0;
  const std::vector<Axis> all = axes(task, target);
  for (const int64_t lanes : all[0].values)
    for (const int64_t vectors : all[1].values)
      for (const int64_t tile : all[2].values) {
        config.values["lanes"] = lanes, config.values["vectors"] = vectors,
        config.values["tile"] = tile;
        if (!legal(task, target, config)) continue;
        // A tile's beginning and end, and what its loads cost the more the smaller it is.
        const auto sums = static_cast<double>(vectors * tile);
        const double score = static_cast<double>(lanes) * sums * sums / (sums + 2) *
                             tile_use(n_of(task), lanes * vectors) * tile_use(m_of(task), tile) /
                             tile_cycles(target, lanes, vectors, tile);
        if (score > most * 1.01) most = score, best = config;
      }
  // Where columns are dense, every vector would be gathered lane by lane, for each tile of rows
  // again: keys of attention, 16 times 256x24 by 24x256, 1.15 ms.
  best.values["copy"] = task.inputs[1].strides.back() != 1 && m_of(task) >= 2 * best.at("tile");
  best.values["rows"] = good_rows(tile_rows(task, best.at("tile")), dsl::flops(task) / 16);
  return best;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  return plain_packings(task);
}

/// the copy; parallel runs of rows of tiles: for tiles along n: [sums of a tile = 0; for k: sums +=
/// ...; store] The last tile overlaps the one before, where no operand of the chain lies in the
/// output.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc");
  const int lanes = static_cast<int>(config.at("lanes")),
            width = lanes * static_cast<int>(config.at("vectors"));
  const std::vector<Var> at = out.args();
  Var block("block"), ni("ni"), vi("vi"), mi("mi");
  std::vector<VarOrRVar> loops{vi, ni, mi, block};
  for (size_t i = 1; i < at.size(); ++i) loops.emplace_back(at[i]);
  out.split(at[0], block, ni, width, TailStrategy::ShiftInwards)
      .split(ni, ni, vi, lanes)
      .split(at[1], at[1], mi, static_cast<int>(config.at("tile")), TailStrategy::ShiftInwards)
      .reorder(loops)
      .vectorize(vi)
      .unroll(ni)
      .unroll(mi);
  for (size_t i = 2; i < at.size(); ++i) out.fuse(at[1], at[i], at[1]);
  if (const int run = static_cast<int>(config.at("rows"))) {
    Var outer("outer");
    out.split(at[1], outer, at[1], run, TailStrategy::GuardWithIf).parallel(outer);
  }
  if (config.at("copy") == 1) {
    Func dense = binding.inputs[1].in();
    const std::vector<Var> b = dense.args();  // n, k, batches
    dense.compute_root().vectorize(b[0], lanes, TailStrategy::ShiftInwards);
    for (size_t i = 3; i < b.size(); ++i) dense.fuse(b[2], b[i], b[2]);
    if (b.size() > 2 && config.at("rows") > 0) dense.parallel(b[2]);
  }
  acc.compute_at(out, block);
  for (int stage = 0; stage < 2; ++stage) {
    Halide::Stage f = stage == 0 ? Halide::Stage(acc) : acc.update();
    const Var an = acc.args()[0], am = acc.args()[1];
    Var v("v");
    f.split(an, an, v, lanes).vectorize(v).unroll(an).unroll(am);
    if (stage == 0)
      f.reorder(v, an, am);
    else
      f.reorder(v, an, am, algorithm.reduction[0]);
  }
  return finish(algorithm, binding);
}

}  // namespace

Space matmul_space() {
  return {"matmul", 2, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
