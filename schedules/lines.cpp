// "lines": operators that take numbers from whole lines of the input: reductions, global pools,
// softmax, layer and instance normalisation. A line is everything that is reduced into one number.
//
// Across lines, where neighbouring elements belong to different lines (channels of a global pool):
// vectors hold one accumulator a line. Along lines (softmax over the last dimension): a line is
// summed in lanes * vectors partial results, which are then added up.
//
//   lanes, vectors  width of the accumulators
//   rows            blocks of lines that a thread takes at once; 0: one thread does all
//   padded          a line is copied into whole vectors first
//   parts           a reduction of few lines is cut along its outermost dimension into parts that
//   threads take
#include <algorithm>
#include <cmath>
#include <limits>

#include "dsl/op.h"
#include "dsl/softmax_halide.h"
#include "schedules/alias.h"
#include "schedules/finish_halide.h"
#include "schedules/line_dims.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

bool serves(const Task& task, const Target& target) {
  return target.device == DeviceKind::cpu && works_on_lines(task);
}

// Dimensions by their place counted from the innermost of the view.
struct Lines {
  std::vector<int> reduced, kept;  // kept: those whose extent exceeds 1, near to far
  int dense = 0;                   // the one with the shortest stride
  bool along = false;              // it is reduced
  int64_t extent = 1;              // of the dense one
  int64_t blocks(int64_t width) const {
    return along ? lines : lines / extent * ((extent + width - 1) / width);
  }
  int64_t lines = 1;
};

Lines lines_of(const Task& task) {
  const View& in = task.inputs[0];
  const int rank = static_cast<int>(in.dims.size());
  const auto extent = [&](int j) { return in.dims[rank - 1 - j]; };
  const auto stride = [&](int j) { return in.strides[rank - 1 - j]; };
  Lines lines;
  std::vector<int> all;
  for (int j = 0; j < rank; ++j) {
    if (is_reduced(task, j))
      lines.reduced.push_back(j);
    else if (extent(j) > 1)
      lines.kept.push_back(j);
    if (extent(j) > 1) all.push_back(j);
  }
  const auto nearer = [&](int a, int b) { return stride(a) < stride(b); };
  std::stable_sort(lines.kept.begin(), lines.kept.end(), nearer);
  std::stable_sort(all.begin(), all.end(), nearer);
  lines.dense = all.empty() ? lines.reduced[0] : all[0];
  lines.along = is_reduced(task, lines.dense);
  lines.extent = extent(lines.dense);
  for (const int j : lines.kept) lines.lines *= extent(j);
  return lines;
}

// The reduced dimension that is cut into parts, as an index into the reduction, and its extent.
int outermost(const Lines& lines) {
  return static_cast<int>(lines.reduced.size()) - 1;
}

int64_t outermost_extent(const Task& task, const Lines& lines) {
  return task.inputs[0].dims[task.inputs[0].dims.size() - 1 - lines.reduced.back()];
}

// Whether lines may be copied into whole vectors first, which is unrolled.
bool pads(const Task& task, const Lines& lines) {
  return task.op == "softmax" && lines.along && lines.dense == 0 && lines.extent <= 1024;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Lines lines = lines_of(task);
  Axis parts{"parts", {1}};
  if (!keeps_dims(task) && !lines.along)
    for (int64_t p = 2; p <= 16 && p * 2 <= outermost_extent(task, lines); p *= 2)
      parts.values.push_back(p);
  return {lanes_axis(lines.extent, target), Axis{"vectors", {1, 2, 3, 4, 6, 8, 12}},
          rows_axis(lines.lines), parts,
          Axis{"padded", pads(task, lines) ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{0}}};
}

int64_t width_of(const Config& config) {
  return config.at("lanes") * config.at("vectors");
}

// Whether the last block of lines is moved inwards instead of masked, lane by lane, in each step of
// its sums: over 56x56 with 60 channels four times as slow. One thread computes the block before,
// too: at another place of a vector a sum may be rounded otherwise.
bool last_block_moves(const Task& task, const Lines& lines, const Config& config) {
  const int64_t width = width_of(config), blocks = (lines.extent + width - 1) / width;
  return !keeps_dims(task) && !lines.along && config.at("rows") % blocks == 0 &&
         width <= lines.extent && !may_alias(task, 1);
}

Status legal(const Task& task, const Target&, const Config& config) {
  const Lines lines = lines_of(task);
  const int64_t width = width_of(config);
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  if (config.at("vectors") > 1 && width > lines.extent)
    return illegal("more vectors than a line has");
  if (config.at("padded") == 1 && (lines.extent % width == 0 || config.at("lanes") > lines.extent))
    return illegal("lines are filled up that have a vector, and a rest");
  // A vector that is guarded in every lane is stored all the same (see split_vectors).
  const int64_t lanes = config.at("lanes");
  if ((lines.extent + lanes - 1) / lanes % config.at("vectors") != 0 &&
      !last_block_moves(task, lines, config))
    return illegal("a block has whole vectors past a line's end");
  if (config.at("rows") > 0 && config.at("rows") * 2 > lines.blocks(width))
    return illegal("fewer rows than two threads take");
  if (config.at("parts") > 1 && config.at("rows") > 0)
    return illegal("threads take either rows or parts");
  return {};
}

// Lanes for the sum of a line: its vectors, its tail lane by lane, and the lanes' own sum in
// halves; in cycles of an Emerald Rapids core.
int64_t lanes_along(int64_t extent, const Target& target) {
  int64_t best = 1;
  double least = std::numeric_limits<double>::max();
  for (const int64_t lanes : lanes_axis(extent, target).values) {
    const double cycles = 9 * static_cast<double>(extent / lanes) +
                          (extent % lanes != 0 ? 7 * static_cast<double>(lanes) : 0) +
                          10 * std::log2(static_cast<double>(lanes));
    if (cycles <= least) least = cycles, best = lanes;
  }
  return best;
}

int64_t lanes_inside(int64_t extent, const Target& target) {
  int64_t lanes = target.lanes;
  while (lanes > extent) lanes /= 2;
  return lanes;
}

// The widest vectors inside a line's end, and of them the fewest steps.
Config moving_blocks(const Lines& lines, const Target& target, Config config) {
  const int64_t lanes = config.values["lanes"] = lanes_inside(lines.extent, target);
  double least = std::numeric_limits<double>::max();
  for (const int64_t v : {1, 2, 3, 4, 6, 8, 12}) {
    if (lanes * v > lines.extent) break;
    // An addition waits four cycles for the one before; two begin in each.
    const double steps = std::max(4.0, static_cast<double>(v) / 2) *
                         static_cast<double>((lines.extent + lanes * v - 1) / (lanes * v));
    if (steps < least) least = steps, config.values["vectors"] = v;
  }
  return config;
}

Config initial(const Task& task, const Target& target) {
  const Lines lines = lines_of(task);
  const double work = elements_touched(task);
  const bool wide = lines.extent >= 4 * target.lanes;  // one masked vector of many costs little
  // A rest is summed lane by lane: 64x64 lines of 19 numbers 0.16 ms so, 0.065 filled up.
  const int64_t widest = lanes_inside(lines.extent, target);
  const bool padded = pads(task, lines) && lines.extent % widest != 0;
  const int64_t lanes = padded        ? widest
                        : lines.along ? lanes_along(lines.extent, target)
                        : wide        ? target.lanes
                                      : good_lanes(lines.extent, target);
  Config config{"lines",
                {{"lanes", lanes}, {"vectors", 1}, {"rows", 0}, {"parts", 1}, {"padded", padded}}};
  // Enough accumulators to hide an addition's latency, and for a pool all channels of a pixel at
  // once.
  const int64_t most = !keeps_dims(task) && !lines.along ? 12 : 4;
  for (const int64_t v : {2, 3, 4, 6, 8, 12})
    if (v <= most && lanes * v <= lines.extent && (lines.extent + lanes - 1) / lanes % v == 0 &&
        (lines.extent % (lanes * v) == 0 || lines.extent >= 4 * lanes * v))
      config.values["vectors"] = v;
  if (!keeps_dims(task) && !lines.along && lines.extent % width_of(config) != 0)
    config = moving_blocks(lines, target, config);
  if (work > 131072 && !keeps_dims(task) && !lines.along && lines.lines < 4096)
    config.values["parts"] = at_most(axes(task, target)[3], 4);
  if (config.at("parts") == 1)
    config.values["rows"] = good_rows(lines.blocks(width_of(config)), work);
  // A thread that took a part of the blocks would have to mask the last one.
  if (!keeps_dims(task) && !lines.along && lines.extent % width_of(config) != 0 &&
      !last_block_moves(task, lines, config))
    config.values["rows"] = 0;
  return config;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  return plain_packings(task);
}

struct Order {
  const Lines& lines;
  int lanes, vectors;
  TailStrategy tail;  // of what is summed for a block of lines
  int chains = 1;     // sums of a row side by side
};

// An addition waits for the one before, four cycles: sums of a few vectors are cut into several,
// where these divide a row.
int chains_of(const Task& task, const Lines& lines, const Config& config) {
  if (keeps_dims(task) || lines.along || (config.at("parts") > 1 && lines.reduced.size() == 1))
    return 1;
  const int64_t extent =
      task.inputs[0].dims[task.inputs[0].dims.size() - 1 - static_cast<size_t>(lines.reduced[0])];
  int64_t chains = std::max<int64_t>(1, 8 / config.at("vectors"));
  while (extent % chains != 0) --chains;
  return static_cast<int>(chains);
}

std::vector<RVar> rvars_of(const Halide::RDom& r) {
  std::vector<RVar> vars;
  for (int d = 0; d < r.dimensions(); ++d) vars.push_back(r[d]);
  return vars;
}

/// Vectors along `at`, one tile of them unrolled: [vi, vu], block.
struct Split {
  Var vi, vu;
};

Split split_vectors(Halide::Stage stage, const Var& at, const Order& order, TailStrategy tail) {
  Split s{Var("vi"), Var("vu")};
  stage.split(at, at, s.vu, order.lanes * order.vectors, tail)
      .split(s.vu, s.vu, s.vi, order.lanes)
      .vectorize(s.vi)
      .unroll(s.vu);
  return s;
}

Split split_vectors(Halide::Stage stage, const Var& at, const Order& order) {
  return split_vectors(stage, at, order, order.tail);
}

/// Lines along which neighbours do not lie. for the outer reduced dims: for block of lines: a row,
/// that is the innermost reduced dim, is reduced in registers, then into the line's own result. A
/// long sum is thus one of sums: float32 loses up to half a unit of the last place of what is
/// there at each step.
void order_across(Func f, const Var& along, const std::vector<RVar>& reduction,
                  const std::vector<Var>& others, const Order& order) {
  const Split pure = split_vectors(f, along, order);
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
    const Split tile = split_vectors(row, along, order);
    row.reorder(tile.vi, tile.vu, along).compute_at(f, along);
  }
  RVar inner = reduction[0];
  if (order.chains > 1) {
    RVar ro("ro"), ri("ri");
    Var chain("chain");
    row.update().split(reduction[0], ro, ri, order.chains);
    Func chains = row.update().rfactor(ri, chain);
    const Split zero = split_vectors(chains, along, order);
    chains.reorder(zero.vi, zero.vu, chain, along).unroll(chain).compute_at(row, along);
    const Split sums = split_vectors(chains.update(), along, order);
    chains.update().reorder(sums.vi, sums.vu, chain, ro, along).unroll(chain);
    row.update().unroll(ri);
    inner = ri;
  }
  const Split tile = split_vectors(row.update(), along, order);
  row.update().reorder(tile.vi, tile.vu, inner, along);

  Halide::Stage update = f.update();
  std::vector<VarOrRVar> loops;
  if (outer.empty()) {
    loops = {along};
  } else {
    const Split s = split_vectors(update, along, order);
    loops = {s.vi, s.vu, along};
  }
  loops.insert(loops.end(), outer.begin(), outer.end());
  for (const Var& v : others) loops.emplace_back(v);
  update.reorder(loops);
}

/// lanes * vectors partial results of a line, computed at `where` of `out`, then one from them.
void order_along(Func f, const Lines& lines, const Halide::RDom& r, const Func& out,
                 const Var& where, const Order& order) {
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

/// The outermost reduced dim in `parts` partial sums, each a thread's, then their sum.
void order_parts(Func f, const Task& task, const Lines& lines, const Halide::RDom& r, int parts,
                 const Order& order) {
  const int64_t extent = outermost_extent(task, lines);
  RVar ro("ro"), ri("ri");
  Var part("part");
  f.update().split(r[outermost(lines)], ro, ri, static_cast<int>((extent + parts - 1) / parts),
                   TailStrategy::GuardWithIf);
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
    Var block("block");
    kept.compute_root();
    const Split s = split_vectors(kept, along, order, TailStrategy::ShiftInwards);
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
  const Split s = split_vectors(f.update(), along, order);
  f.update().reorder(s.vi, s.vu, ro, along);
}

/// The model on lines of whole vectors, and "line" in these.
dsl::Algorithm padded_lines(const Task& task, const dsl::Binding& binding, const Lines& lines,
                            const Config& config) {
  const int64_t width = width_of(config);
  const int lanes = static_cast<int>(config.at("lanes"));
  dsl::Algorithm algorithm = dsl::padded_softmax(
      task, binding, static_cast<int>((lines.extent + width - 1) / width * width));
  Func line = algorithm.funcs.at("line");
  const Var c = line.args()[0];
  line.vectorize(c, lanes).unroll(c);
  return algorithm;
}

/// Across: parallel runs of rows: for row: for block: [for what a line keeps: a tile of lines]
/// Along:  parallel runs of rows: for row: for what a line keeps: [a tile of the line]
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  const Lines lines = lines_of(task);
  dsl::Algorithm algorithm = config.at("padded") == 1
                                 ? padded_lines(task, binding, lines, config)
                                 : (*dsl::find_op(task.op))->algorithm(task, binding);
  const bool moves = last_block_moves(task, lines, config);
  const Order order{
      lines, static_cast<int>(config.at("lanes")), static_cast<int>(config.at("vectors")),
      moves ? TailStrategy::RoundUp : TailStrategy::Predicate, chains_of(task, lines, config)};
  const int parts = static_cast<int>(config.at("parts"));
  Func out = algorithm.funcs.at("out");
  const std::vector<Var> at = out.args();

  // The output's own loops.
  std::vector<VarOrRVar> loops;
  std::vector<Var> rows;
  const bool tiled = !lines.along || keeps_dims(task);
  if (tiled) {
    const Split s = split_vectors(out, at[lines.dense], order,
                                  moves ? TailStrategy::ShiftInwards : TailStrategy::Predicate);
    loops = {s.vi, s.vu};
    if (lines.along)
      loops.emplace_back(at[lines.dense]);
    else
      rows.push_back(at[lines.dense]);
  }
  if (keeps_dims(task))
    for (const int j : lines.reduced)
      if (j != lines.dense) loops.emplace_back(at[j]);
  for (const int j : lines.kept)
    if (j != lines.dense) rows.push_back(at[j]);
  if (rows.empty()) {  // one line: some loop of extent 1 stands for it
    for (size_t j = 0; j < at.size() && rows.empty(); ++j)
      if (static_cast<int>(j) != lines.dense &&
          (!keeps_dims(task) || !is_reduced(task, static_cast<int>(j))))
        rows.push_back(at[j]);
  }
  Var row("row");
  if (rows.empty()) {
    Var rest("rest");
    const Var last = loops.empty() ? at[0] : Var(loops.back().name());
    out.split(last, row, rest, 1 << 30, TailStrategy::GuardWithIf);
    if (!loops.empty())
      loops.back() = rest;
    else
      loops.emplace_back(rest);
    loops.emplace_back(row);
    out.reorder(loops);
  } else {
    for (const Var& v : rows) loops.emplace_back(v);
    out.reorder(loops);
    for (size_t i = 1; i < rows.size(); ++i) out.fuse(rows[0], rows[i], rows[0]);
    out.rename(rows[0], row);
  }
  if (const int run = static_cast<int>(config.at("rows"))) {
    Var outer("outer");
    out.split(row, outer, row, run, TailStrategy::GuardWithIf).parallel(outer);
  }

  if (config.at("padded") == 1) algorithm.funcs.at("line").compute_at(out, row);
  // What is taken from the lines.
  for (const char* name : {"acc", "max", "sum", "squares"}) {
    const auto found = algorithm.funcs.find(name);
    if (found == algorithm.funcs.end()) continue;
    Func f = found->second;
    if (lines.along) {
      order_along(f, lines, algorithm.reduction, out, row, order);
      continue;
    }
    // A Func over the kept dims alone has lost the reduced ones' variables.
    int dense = lines.dense;
    if (keeps_dims(task))
      for (const int j : lines.reduced) dense -= j < lines.dense ? 1 : 0;
    Lines own = lines;
    own.dense = dense;
    if (parts > 1)
      order_parts(f, task, own, algorithm.reduction, parts, order);
    else
      order_across(f, f.args()[dense], rvars_of(algorithm.reduction), {}, order);
    f.compute_at(out, row);
    if (moves) f.bound_extent(f.args()[dense], order.lanes * order.vectors);
  }
  if (const auto found = algorithm.funcs.find("exp");
      found != algorithm.funcs.end() && task.attrs.get_int("log", 0) == 0) {
    Func f = found->second;
    split_vectors(f, f.args()[lines.dense], order);
    f.compute_at(out, row);
  }
  return finish(algorithm, binding);
}

}  // namespace

Space lines_space() {
  return {"lines", 5, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
