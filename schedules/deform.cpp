// "deform": the moved taps of a run of pixels are sampled into a buffer that stays in L2, which is
// then the left factor of a register-tiled product: rows of samples by packed weights. No image of
// columns is ever made, and weights are read once a run.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "dsl/deform_halide.h"
#include "dsl/op.h"
#include "dsl/window.h"
#include "schedules/ahead_halide.h"
#include "schedules/conv_loops.h"
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

int64_t group_k(const ConvShape& s) {
  return s.k / s.groups;
}
int64_t group_c(const ConvShape& s) {
  return s.c / s.groups;
}

// Narrow groups share a vector where they fill it.
bool shares_vector(const ConvShape& s, int64_t lanes) {
  return s.groups > 1 && lanes > group_k(s) && lanes % group_k(s) == 0 && s.k % lanes == 0;
}

int64_t share_of(const ConvShape& s, const Config& config) {
  return shares_vector(s, config.at("lanes")) ? config.at("lanes") / group_k(s) : 1;  // groups
}

dsl::TapChunk chunk_of(const Config& config) {
  return static_cast<dsl::TapChunk>(config.at("taps"));
}

int64_t taps_of_chunk(const ConvShape& s, const Config& config) {
  switch (chunk_of(config)) {
    case dsl::TapChunk::one:
      return 1;
    case dsl::TapChunk::row:
      return s.window.kernel_w;
    case dsl::TapChunk::all:
      return s.window.kernel_w * s.window.kernel_h;
  }
  return 1;
}

/// The pixels for which a thread samples at once: whole rows, or parts of one, all about as large.
struct Run {
  int64_t columns, rows;
};

Run run_of(const ConvShape& s, int64_t pixels) {
  if (pixels < s.width) return {divide_up(s.width, divide_up(s.width, pixels)), 1};
  return {s.width, divide_up(s.height, divide_up(s.height, pixels / s.width))};
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const int64_t pixels = s.height * s.width;
  Axis runs{"pixels", {}}, taps{"taps", {2}};
  for (const int64_t want : {4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024}) {
    runs.values.push_back(std::min(want, pixels));
    if (want >= pixels) break;
  }
  if (s.window.kernel_h > 1) taps.values.push_back(1);
  if (s.window.kernel_w > 1) taps.values.push_back(0);
  return {lanes_axis(s.k, target),                   // output channels of a vector
          {"vectors", up_to({1, 2, 3, 4, 6}, s.k)},  // vectors of a tile
          {"tile", up_to({1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14}, pixels)},  // pixels of a tile
          runs,               // pixels sampled at once, about
          taps,               // taps sampled at once: 0: one, 1: a row of the kernel, 2: all
          {"order", {0, 1}},  // blocks of output channels are 0: outside the tiles, 1: inside
          {"par", {0, 1}}};   // threads share 0: runs, 1: pixels of a run, then its blocks
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  const int64_t lanes = config.at("lanes"), vectors = config.at("vectors"),
                tile = config.at("tile");
  if (vectors * tile + std::min(vectors, tile) + 1 > target.registers)
    return illegal("the tile must spill");
  if (vectors > 1 && (vectors - 1) * lanes >= s.k) return illegal("more vectors than outputs");
  if (config.at("order") == 1 && config.at("par") == 1)
    return illegal("threads share blocks that are outside the tiles");
  const Run run = run_of(s, config.at("pixels"));
  if (tile > run.columns * run.rows) return illegal("the tile is larger than the run");
  if (s.groups > 1 && group_k(s) % (lanes * vectors) != 0) {
    if (vectors > 1 || !shares_vector(s, lanes))
      return illegal("a vector must not cross groups, or holds several");
    if (share_of(s, config) * group_c(s) > 64) return illegal("too many inputs to be put in turns");
  }
  return {};
}

// The loops of an inner sum, from the innermost: channels, a row's taps, rows.
std::array<int64_t, 3> sum_extents(const ConvShape& s, const Config& config) {
  const dsl::TapChunk chunk = chunk_of(config);
  return {group_c(s), chunk == dsl::TapChunk::one ? 1 : s.window.kernel_w,
          chunk == dsl::TapChunk::all ? s.window.kernel_h : 1};
}

// How many of them are unrolled: short ones are not worth their beginning and end.
int unrolled_loops(const ConvShape& s, const Config& config) {
  const std::array<int64_t, 3> extents = sum_extents(s, config);
  int64_t body = config.at("vectors") * config.at("tile");
  int loops = 0;
  while (loops < 3 && body * extents[loops] <= 128) body *= extents[loops++];
  return loops;
}

// Cycles of all products: a tile's step as tile_cycles has it, and what surrounds it. The weights
// of a block come from L2, at some 20 bytes a cycle, when they do not stay in L1; for a run's first
// tile from L3, where others take their share of it, when all of them do not stay in L2.
double product_cycles(const ConvShape& s, const Config& config, const Target& target) {
  const int64_t lanes = config.at("lanes"), vectors = config.at("vectors"),
                tile = config.at("tile"), width = lanes * vectors;
  const Run run = run_of(s, config.at("pixels"));
  const int64_t tiles = divide_up(run.columns * run.rows, tile),
                runs = divide_up(s.width, run.columns) * divide_up(s.height, run.rows) * s.n,
                taps = s.window.kernel_h * s.window.kernel_w;
  const double products = unit_cycles(target, lanes) * static_cast<double>(vectors * tile),
               depth = static_cast<double>(group_c(s) * taps_of_chunk(s, config)),
               chunks = static_cast<double>(taps / taps_of_chunk(s, config)),
               step_bytes = 4.0 * static_cast<double>(width),
               blocks = static_cast<double>(divide_up(s.k, width));
  double step = tile_cycles(target, lanes, vectors, tile, 0.57);
  // A body of several channels, unrolled, has one more register in flight.
  const int64_t registers = vectors * tile + vectors + 1 + (unrolled_loops(s, config) > 0 ? 1 : 0);
  if (registers > target.registers) step *= 1.4;
  double first = step;
  if (depth * step_bytes > static_cast<double>(target.l1_bytes) / 2)
    first = step = std::max(step, step_bytes / 20);
  if (blocks * chunks * depth * step_bytes > static_cast<double>(target.l2_bytes) / 2)
    first = std::max(first, step_bytes / 10);
  const std::array<int64_t, 3> extents = sum_extents(s, config);
  double starts = unrolled_loops(s, config) < 3 ? 1 : 0;
  for (int d = unrolled_loops(s, config) + 1; d < 3; ++d) starts *= static_cast<double>(extents[d]);
  double around = 8 + 2 * products + 10 * starts;
  // Samples that each block reads from L2 again: each pixel's tap begins with a line that was not
  // foreseen.
  if (config.at("order") == 0 &&
      4 * run.columns * run.rows * s.c * taps_of_chunk(s, config) > target.l1_bytes / 2)
    around += 3 * static_cast<double>(tile * taps_of_chunk(s, config));
  return static_cast<double>(runs) *
         (1000 +
          blocks * chunks *
              (static_cast<double>(tiles - 1) * (depth * step + around) + depth * first + around));
}

// Samples, and the sums that they are added to, stay in L2.
bool fits_cache(const ConvShape& s, const Config& config, const Target& target) {
  const Run run = run_of(s, config.at("pixels"));
  return 4 * run.columns * run.rows * (s.c * taps_of_chunk(s, config) + s.k) <= target.l2_bytes / 2;
}

// Weights that stay in L1 are read for each tile, else samples for each block.
int64_t good_order(const ConvShape& s, const Config& config, const Target& target) {
  const int64_t weight_bytes = 4 * s.k * group_c(s) * taps_of_chunk(s, config);
  return config.at("par") == 0 && weight_bytes <= target.l1_bytes ? 1 : 0;
}

/// The best tile for runs of some size; null cycles where none is legal.
std::pair<double, Config> good_tile(const Task& task, const Target& target, Config config,
                                    const std::vector<Axis>& all) {
  const ConvShape s = conv_shape(task);
  std::pair<double, Config> best{std::numeric_limits<double>::max(), config};
  for (const int64_t lanes : all[0].values)
    for (const int64_t vectors : all[1].values)
      for (const int64_t tile : all[2].values) {
        config.values["lanes"] = lanes, config.values["vectors"] = vectors,
        config.values["tile"] = tile;
        if (!legal(task, target, config)) continue;
        const double cycles = product_cycles(s, config, target);
        if (cycles < best.first * 0.995) best = {cycles, config};
      }
  return best;
}

Config initial(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const std::vector<Axis> all = axes(task, target);
  Config config{"deform",
                {{"lanes", 1},
                 {"vectors", 1},
                 {"tile", 1},
                 {"pixels", all[3].values.front()},
                 {"taps", all[4].values.back()},
                 {"order", 0},
                 {"par", 0}}};
  // Runs are as large as L2 holds, so that weights are read seldom. Threads share them where there
  // are four or more, and a few large ones are not clearly better.
  auto best = good_tile(task, target, config, all);
  for (const int64_t par : {0, 1})
    for (const int64_t taps : all[4].values)
      for (const int64_t pixels : all[3].values) {
        config.values["par"] = par, config.values["taps"] = taps, config.values["pixels"] = pixels;
        config.values["order"] = good_order(s, config, target);
        const Run run = run_of(s, pixels);
        const int64_t runs = s.n * divide_up(s.width, run.columns) * divide_up(s.height, run.rows);
        if (!fits_cache(s, config, target) || (runs >= 4) == (par == 1)) continue;
        auto tried = good_tile(task, target, config, all);
        if (tried.first < best.first * (par == 1 ? 0.95 : 0.995)) best = std::move(tried);
      }
  return best.second;
}

dsl::DeformGrid grid_of(const Config& config) {
  return {chunk_of(config), static_cast<int>(config.at("lanes") * config.at("vectors"))};
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  std::vector<Packing> packings = plain_packings(task);
  packings[0] = dsl::deform_weights(task, grid_of(config));
  return packings;
}

/// Pixels of a run: what is known of their taps, and the taps themselves, vectorised over channels.
void order_samples(Func place, Func sample, const ConvShape& s, int64_t offset_groups,
                   int64_t share, const Target& target) {
  const int64_t taps = s.window.kernel_h * s.window.kernel_w;
  int lanes = 1;
  while (lanes * 2 <= std::min<int64_t>(taps, target.lanes)) lanes *= 2;
  Var vector("vector"), i("i"), group("group");
  const Var tap = place.args()[0];
  place.bound(tap, 0, static_cast<int>(taps))
      .split(tap, vector, i, lanes, TailStrategy::ShiftInwards)
      .vectorize(i);
  if (taps <= 4 * lanes) place.unroll(vector);

  const int64_t offset_c = s.c / offset_groups;
  const Var c = sample.args()[0];
  Var cv("cv"), ci("ci");
  int wide = 1;
  while (wide * 2 <= std::min<int64_t>(offset_c, target.lanes)) wide *= 2;
  while (offset_groups > 1 && offset_c % wide != 0) wide /= 2;
  if (share > 1) {
    const int together = static_cast<int>(share * group_c(s));
    while (together % wide != 0) wide /= 2;
    sample.bound_extent(c, together).split(c, cv, ci, wide).vectorize(ci).unroll(cv);
    return;
  }
  sample.bound(c, 0, static_cast<int>(s.c));
  if (offset_groups > 1)
    sample.split(c, group, c, static_cast<int>(offset_c), TailStrategy::RoundUp);
  sample.split(c, cv, ci, wide, TailStrategy::ShiftInwards).vectorize(ci);
}

/// The sums of a run, added to chunk by chunk. Returns the loop around a tile.
Var order_sums(Func acc, const dsl::TiledDeform& tiled, const ConvShape& s, const Config& config) {
  const int lanes = static_cast<int>(config.at("lanes")),
            width = lanes * static_cast<int>(config.at("vectors")),
            tile = static_cast<int>(config.at("tile"));
  Var block("block"), ki("ki"), vi("vi"), run("run"), pi("pi");
  const Var k = acc.args()[0], p = acc.args()[1];
  acc.bound_extent(k, static_cast<int>(divide_up(s.k, width)) * width);
  const bool several = tiled.chunks.defined();
  for (int stage = 0; stage <= (several ? 1 : 0); ++stage) {
    Halide::Stage sums = stage == 0 ? Halide::Stage(acc) : acc.update();
    sums.split(k, block, ki, width, TailStrategy::RoundUp)
        .split(ki, ki, vi, lanes)
        .split(p, run, pi, tile, TailStrategy::RoundUp)
        .vectorize(vi)
        .unroll(ki)
        .unroll(pi);
    std::vector<Halide::VarOrRVar> order{vi, ki, pi};
    if (config.at("order") == 1)
      order.insert(order.end(), {block, run});
    else
      order.insert(order.end(), {run, block});
    if (stage == 1) order.emplace_back(tiled.chunks.x);
    sums.reorder(order);
    if (config.at("par") == 1 && stage == (several ? 1 : 0)) sums.parallel(block);
  }
  return config.at("order") == 1 ? block : run;
}

/// One tile's inner sum, in registers. Where groups share a vector, its lanes are theirs in turn:
/// then a load that repeats what lies side by side gives each lane its group's input.
void order_part(const dsl::Algorithm& algorithm, const Func& acc, const Var& tile,
                const ConvShape& s, const Config& config) {
  Func part = algorithm.funcs.at("part");
  const Halide::RDom& taps = algorithm.reduction;
  const int lanes = static_cast<int>(config.at("lanes"));
  const bool shared = algorithm.funcs.contains("spread");
  const Var group = part.args()[0], k = part.args()[1], p = part.args()[3];
  part.compute_at(acc, tile)
      .bound_extent(group, static_cast<int>(share_of(s, config)))
      .bound_extent(k, shared ? static_cast<int>(group_k(s))
                              : lanes * static_cast<int>(config.at("vectors")));
  for (int stage = 0; stage < 2; ++stage) {
    Halide::Stage sums = stage == 0 ? Halide::Stage(part) : part.update();
    Var v("v");
    sums.split(k, k, v, shared ? static_cast<int>(group_k(s)) : lanes)
        .reorder(group, v, k, p)
        .unroll(k)
        .unroll(p);
    if (shared) sums.vectorize(group);
    sums.vectorize(v);
    if (stage == 0) continue;
    sums.reorder(k, p, taps[0], taps[1], taps[2]);
    for (int d = 0; d < unrolled_loops(s, config); ++d) sums.unroll(taps[d]);
  }
}

/// Weights that do not stay in L2 are asked for a block ahead by the tiles of a run.
void stream_weights(Scheduled& scheduled, const dsl::Binding& binding,
                    const dsl::Algorithm& algorithm, const ConvShape& s, const Target& target,
                    const Config& config) {
  const int64_t weight_bytes = 4 * s.k * s.c * s.window.kernel_h * s.window.kernel_w;
  if (s.groups > 1 || config.at("order") == 1 || unrolled_loops(s, config) > 0 ||
      weight_bytes <= target.l2_bytes / 2)
    return;
  const std::array<int64_t, 3> extents = sum_extents(s, config);
  const Run run = run_of(s, config.at("pixels"));
  std::vector<NamedLoop> steps;
  for (int d = 2; d >= 0; --d)
    steps.push_back({algorithm.reduction[d].name(), static_cast<int>(extents[d])});
  prefetch_next_block(
      scheduled,
      {binding.params[0].name(),
       {{".run", static_cast<int>(divide_up(run.columns * run.rows, config.at("tile")))}},
       steps,
       static_cast<int>(config.at("lanes") * config.at("vectors"))});
}

/// parallel runs of pixels:
///   for pixels: [where the taps lie, vectorised over taps]
///   for chunks of taps:
///     for pixels, taps of the chunk: [vectors of c: sample]
///     for blocks of k: for tiles of pixels: [a tile's part = 0; for taps, c: part += ...; sums +=]
///   for pixels of the run: [vectors of k: out = chain(sums)]
/// order=1: blocks of k are inside the tiles, for weights that stay in L1. par=1: threads share the
/// pixels that are sampled and then the blocks of k, for images of few runs. Runs are rounded up to
/// whole tiles: what lies beyond is computed and not stored.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  const dsl::TiledDeform tiled = dsl::tiled_deform(task, binding, grid_of(config));
  const dsl::Algorithm& algorithm = tiled.algorithm;
  const ConvShape s = conv_shape(task);
  Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc"),
       place = algorithm.funcs.at("place"), sample = algorithm.funcs.at("sample");
  const Run run = run_of(s, config.at("pixels"));
  const std::vector<Var> at = out.args();
  Var block("block"), ki("ki"), vi("vi"), columns("columns"), rows("rows"), item("item");
  split_vectors(out, at[0], block, ki, vi, s.k, static_cast<int>(config.at("lanes")), 1,
                TailStrategy::Predicate);
  out.split(at[1], columns, at[1], static_cast<int>(run.columns), TailStrategy::GuardWithIf)
      .split(at[2], rows, at[2], static_cast<int>(run.rows), TailStrategy::GuardWithIf)
      .reorder(vi, ki, block, at[1], at[2], columns, rows, at[3])
      .fuse(columns, rows, item)
      .fuse(item, at[3], item);
  if (config.at("par") == 0) out.parallel(item);

  acc.compute_at(out, item);
  place.compute_at(out, item);
  const auto spread = algorithm.funcs.find("spread");
  Func kept = spread == algorithm.funcs.end() ? sample : spread->second;
  if (tiled.chunks.defined())
    kept.compute_at(acc, tiled.chunks.x);
  else
    kept.compute_at(out, item);
  if (spread != algorithm.funcs.end()) {
    const Var group = kept.args()[0], c = kept.args()[1], together = kept.args()[2];
    kept.bound_extent(group, static_cast<int>(share_of(s, config)))
        .bound_extent(c, static_cast<int>(group_c(s)))
        .vectorize(group)
        .vectorize(c);
    sample.compute_at(kept, together);
  }
  if (config.at("par") == 1) kept.parallel(kept.args()[kept.dimensions() - 2]);
  order_samples(place, sample, s, task.attrs.get_int("offset_groups", 1), share_of(s, config),
                target);
  order_part(algorithm, acc, order_sums(acc, tiled, s, config), s, config);
  Scheduled scheduled = finish(algorithm, binding);
  stream_weights(scheduled, binding, algorithm, s, target, config);
  return scheduled;
}

}  // namespace

Space deform_space() {
  return {"deform", 5, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
