#include "schedules/lines_halide.h"

#include <algorithm>

namespace tenfold::schedules {

using Halide::Func;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

std::vector<RVar> rvars_of(const Halide::RDom& r) {
  std::vector<RVar> vars;
  for (int d = 0; d < r.dimensions(); ++d) vars.push_back(r[d]);
  return vars;
}

LineSplit split_vectors(Halide::Stage stage, const Var& at, const LineOrder& order,
                        TailStrategy tail) {
  LineSplit s{Var("vi"), Var("vu")};
  stage.split(at, at, s.vu, order.lanes * order.vectors, tail)
      .split(s.vu, s.vu, s.vi, order.lanes)
      .vectorize(s.vi)
      .unroll(s.vu);
  return s;
}

LineSplit split_vectors(Halide::Stage stage, const Var& at, const LineOrder& order) {
  return split_vectors(stage, at, order, order.tail);
}

void order_across(Func f, const Var& along, const std::vector<RVar>& reduction,
                  const std::vector<Var>& others, const LineOrder& order) {
  const LineSplit pure = split_vectors(f, along, order);
  f.reorder(pure.vi, pure.vu, along);
  Func row = f;
  std::vector<VarOrRVar> outer;
  if (reduction.size() > 1) {
    std::vector<std::pair<RVar, Var>> kept;
    for (size_t i = 1; i < reduction.size(); ++i) {
      kept.emplace_back(reduction[i], Var());
      outer.emplace_back(reduction[i]);
    }
    row = f.update().rfactor(kept);
    const LineSplit tile = split_vectors(row, along, order);
    row.reorder(tile.vi, tile.vu, along).compute_at(f, along);
  }
  RVar inner = reduction[0];
  if (order.chains > 1) {
    RVar ro("ro"), ri("ri");
    Var chain("chain");
    row.update().split(reduction[0], ro, ri, order.chains);
    Func chains = row.update().rfactor(ri, chain);
    const LineSplit zero = split_vectors(chains, along, order);
    chains.reorder(zero.vi, zero.vu, chain, along).unroll(chain).compute_at(row, along);
    const LineSplit sums = split_vectors(chains.update(), along, order);
    chains.update().reorder(sums.vi, sums.vu, chain, ro, along).unroll(chain);
    row.update().unroll(ri);
    inner = ri;
  }
  const LineSplit tile = split_vectors(row.update(), along, order);
  row.update().reorder(tile.vi, tile.vu, inner, along);

  Halide::Stage update = f.update();
  std::vector<VarOrRVar> loops;
  if (outer.empty()) {
    loops = {along};
  } else {
    const LineSplit s = split_vectors(update, along, order);
    loops = {s.vi, s.vu, along};
  }
  loops.insert(loops.end(), outer.begin(), outer.end());
  for (const Var& v : others) loops.emplace_back(v);
  update.reorder(loops);
}

void order_along(Func f, const Lines& lines, const Halide::RDom& r, const Func& out,
                 const Var& where, const LineOrder& order) {
  const int width = order.lanes * order.vectors;
  const auto dense = static_cast<size_t>(
      std::find(lines.reduced.begin(), lines.reduced.end(), lines.dense) - lines.reduced.begin());
  RVar ro("ro"), ri("ri");
  Var u("u");
  std::vector<VarOrRVar> inner{ri, ro};
  for (size_t i = 0; i < lines.reduced.size(); ++i)
    if (i != dense) inner.emplace_back(r[static_cast<int>(i)]);
  f.update()
      .split(r[static_cast<int>(dense)], ro, ri, width, TailStrategy::GuardWithIf)
      .reorder(inner);
  Func partial = f.update().rfactor(ri, u);
  partial.compute_at(out, where).vectorize(u, order.lanes).unroll(u);
  Var ui("ui");
  partial.update().split(u, u, ui, order.lanes).vectorize(ui).unroll(u);
  std::vector<VarOrRVar> loops{ui, u, ro};
  for (size_t i = 0; i < lines.reduced.size(); ++i)
    if (i != dense) loops.emplace_back(r[static_cast<int>(i)]);
  partial.update().reorder(loops);
  f.compute_at(out, where);
  // Vectors are added to each other, then halves of what is left: the lanes one after the other
  // would each wait for the last.
  for (int left = width; left > 4 && left % 2 == 0;) {
    const int kept = left > order.lanes ? order.lanes : left / 2;
    RVar piece("piece"), place("place");
    Var at("at");
    f.update().split(ri, piece, place, kept);
    Func pieces = f.update().rfactor(place, at);
    pieces.compute_at(out, where).vectorize(at);
    pieces.update().reorder(at, piece).vectorize(at).unroll(piece);
    ri = place;
    left = kept;
  }
  f.update().unroll(ri);
}

void order_parts(Func f, const Task& task, const Lines& lines, const Halide::RDom& r, int parts,
                 const LineOrder& order) {
  const int64_t extent = outermost_extent(task, lines);
  RVar ro("ro"), ri("ri");
  Var part("part");
  f.update().split(r[static_cast<int>(lines.reduced.size()) - 1], ro, ri,
                   static_cast<int>((extent + parts - 1) / parts), TailStrategy::GuardWithIf);
  Func partial = f.update().rfactor(ro, part);
  std::vector<RVar> reduction = rvars_of(r);
  reduction.back() = ri;
  std::vector<Var> others;
  for (const Var& v : f.args())
    if (v.name() != f.args()[lines.dense].name()) others.push_back(v);
  others.push_back(part);
  const Var along = f.args()[lines.dense];
  if (order.tail == TailStrategy::RoundUp) {
    Func kept = partial.in(f);
    kept.compute_root();
    const LineSplit s = split_vectors(kept, along, order, TailStrategy::ShiftInwards);
    std::vector<VarOrRVar> loops{s.vi, s.vu, along};
    loops.insert(loops.end(), others.begin(), others.end());
    kept.reorder(loops).parallel(part);
    order_across(partial, along, reduction, others, order);
    partial.compute_at(kept, along).bound_extent(along, order.lanes * order.vectors);
  } else {
    order_across(partial, along, reduction, others, order);
    partial.compute_root().parallel(part).update().parallel(part);
  }
  split_vectors(f, along, order);
  const LineSplit s = split_vectors(f.update(), along, order);
  f.update().reorder(s.vi, s.vu, ro, along);
}

}  // namespace tenfold::schedules
