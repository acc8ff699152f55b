#include "schedules/loops_halide.h"

#include <algorithm>

#include "schedules/finish_halide.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

int whole(int64_t value) {
  return static_cast<int>(value);
}

}  // namespace

RowLoops order_rows(Halide::Func out, const LoopOrder& order, const Config& config, Tail tail) {
  const std::vector<Var> at = out.args();
  Var vi("vi"), vu("vu"), ti("ti");
  const Var block = at[order.dims[0]];
  const int lanes = whole(config.at("lanes")), vectors = whole(config.at("vectors"));
  if (tail == Tail::shift)
    out.split(block, block, vu, lanes * vectors, TailStrategy::ShiftInwards)
        .split(vu, vu, vi, lanes)
        .vectorize(vi)
        .unroll(vu);
  else
    split_vectors(out, block, block, vu, vi, order.extents[0], lanes, vectors,
                  TailStrategy::Predicate);
  std::vector<VarOrRVar> loops{vi, vu};
  if (order.dims.size() > 1) {
    const Var next = at[order.dims[1]];
    out.split(next, next, ti, whole(config.at("tile")), TailStrategy::GuardWithIf).unroll(ti);
    loops.insert(loops.end(), {ti, block, next});
  } else {
    loops.push_back(block);
  }
  std::vector<Var> rest;
  for (size_t i = 2; i < order.dims.size(); ++i) rest.push_back(at[order.dims[i]]);
  for (size_t j = 0; j < at.size(); ++j)  // extents of 1
    if (std::find(order.dims.begin(), order.dims.end(), static_cast<int>(j)) == order.dims.end())
      rest.push_back(at[j]);
  for (const Var& v : rest) loops.emplace_back(v);
  out.reorder(loops);

  Var row("row");
  if (rest.empty()) return {block, row};
  for (size_t i = 1; i < rest.size(); ++i) out.fuse(rest[0], rest[i], rest[0]);
  out.rename(rest[0], row);
  if (const int run = whole(config.at("rows"))) {
    Var outer("outer");
    out.split(row, outer, row, run, TailStrategy::GuardWithIf).parallel(outer);
  }
  return {block, row};
}

void order_tile(Halide::Func acc, const Halide::RDom& reduction, const LoopOrder& order,
                const Config& config, bool unroll_reduction) {
  const std::vector<Var> at = acc.args();
  const Var along = at[order.dims[0]];
  for (int s = 0; s <= acc.num_update_definitions(); ++s) {
    Halide::Stage stage = s == 0 ? Halide::Stage(acc) : acc.update(s - 1);
    Var vi("vi");
    stage.split(along, along, vi, whole(config.at("lanes")), TailStrategy::RoundUp).vectorize(vi);
    std::vector<VarOrRVar> loops{vi, along};
    for (size_t i = 1; i < order.dims.size(); ++i) loops.emplace_back(at[order.dims[i]]);
    if (s > 0)
      for (int d = 0; d < reduction.dimensions(); ++d) loops.emplace_back(reduction[d]);
    stage.reorder(loops).unroll(along);
    if (order.dims.size() > 1) stage.unroll(at[order.dims[1]]);
    if (s > 0 && unroll_reduction)
      for (int d = 0; d < reduction.dimensions(); ++d) stage.unroll(reduction[d]);
  }
}

void sum_in_registers(Halide::Func acc, const Halide::Func& out, const Var& where,
                      const RegisterSum& sum) {
  const Var n = acc.args()[0];
  const auto in_registers = [&](Halide::Stage stage) {
    Var v("v");
    stage.split(n, n, v, sum.lanes).vectorize(v).unroll(n);
    for (const Var& row : sum.rows) stage.unroll(row);
    return v;
  };
  const auto reorder = [&](Halide::Stage stage, const std::vector<VarOrRVar>& outer) {
    std::vector<VarOrRVar> loops{in_registers(stage), n};
    loops.insert(loops.end(), sum.rows.begin(), sum.rows.end());
    loops.insert(loops.end(), outer.begin(), outer.end());
    stage.reorder(loops);
  };
  const int width = sum.lanes * sum.vectors;
  acc.compute_at(out, where).bound_extent(n, width);
  in_registers(acc);
  if (sum.chains == 1) return reorder(acc.update(), {sum.k});

  RVar ko("ko"), ki("ki");
  Var chain("chain");
  if (sum.run > 0)
    acc.update().split(sum.k, ki, ko, sum.run);
  else
    acc.update().split(sum.k, ko, ki, sum.chains);
  Func partial = acc.update().rfactor(ki, chain);
  partial.compute_at(out, where).bound_extent(n, width);
  in_registers(partial);
  partial.unroll(chain);
  reorder(partial.update(), {chain, ko});
  partial.update().unroll(chain);
  reorder(acc.update(), {ki});
  acc.update().unroll(ki);
}

}  // namespace tenfold::schedules
