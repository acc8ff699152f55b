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
#include "schedules/lines_halide.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

bool serves(const Task& task, const Target& target) {
  return target.device == DeviceKind::cpu && works_on_lines(task);
}

// Whether vectors hold one accumulator a line, and nothing but the results is stored.
bool pools(const Task& task, const Lines& lines) {
  return !keeps_dims(task) && !lines.along && !finds_place(task);
}

// Whether lines may be copied into whole vectors first, which is unrolled.
bool pads(const Task& task, const Lines& lines) {
  return task.op == "softmax" && lines.along && lines.dense == 0 && lines.extent <= 1024;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Lines lines = lines_of(task);
  Axis parts{"parts", {1}};
  if (pools(task, lines))
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
  return pools(task, lines) && config.at("rows") % blocks == 0 && width <= lines.extent &&
         !may_alias(task, 1);
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
  const int64_t most = pools(task, lines) ? 12 : 4;
  for (const int64_t v : {2, 3, 4, 6, 8, 12})
    if (v <= most && lanes * v <= lines.extent && (lines.extent + lanes - 1) / lanes % v == 0 &&
        (lines.extent % (lanes * v) == 0 || lines.extent >= 4 * lanes * v))
      config.values["vectors"] = v;
  if (pools(task, lines) && lines.extent % width_of(config) != 0 && !may_alias(task, 1))
    config = moving_blocks(lines, target, config);
  if (work > 131072 && pools(task, lines) && lines.lines < 4096)
    config.values["parts"] = at_most(axes(task, target)[3], 4);
  if (config.at("parts") == 1)
    config.values["rows"] = good_rows(lines.blocks(width_of(config)), work);
  // A thread that took a part of the blocks would have to mask the last one.
  if (pools(task, lines) && lines.extent % width_of(config) != 0 &&
      !last_block_moves(task, lines, config))
    config.values["rows"] = 0;
  return config;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  return plain_packings(task);
}

// An addition waits for the one before, four cycles: sums of a few vectors are cut into several,
// where these divide a row.
int chains_of(const Task& task, const Lines& lines, const Config& config) {
  if (!pools(task, lines) || (config.at("parts") > 1 && lines.reduced.size() == 1)) return 1;
  const int64_t extent =
      task.inputs[0].dims[task.inputs[0].dims.size() - 1 - static_cast<size_t>(lines.reduced[0])];
  int64_t chains = std::max<int64_t>(1, 8 / config.at("vectors"));
  while (extent % chains != 0) --chains;
  return static_cast<int>(chains);
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
  const LineOrder order{
      static_cast<int>(config.at("lanes")), static_cast<int>(config.at("vectors")),
      moves ? TailStrategy::RoundUp : TailStrategy::Predicate, chains_of(task, lines, config)};
  const int parts = static_cast<int>(config.at("parts"));
  Func out = algorithm.funcs.at("out");
  const std::vector<Var> at = out.args();

  // The output's own loops.
  std::vector<VarOrRVar> loops;
  std::vector<Var> rows;
  const bool tiled = !lines.along || keeps_dims(task);
  if (tiled) {
    const LineSplit s = split_vectors(out, at[lines.dense], order,
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
  for (const char* name : {"acc", "place", "max", "sum", "squares"}) {
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
