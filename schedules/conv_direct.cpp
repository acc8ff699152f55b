// "direct": dense convolution (and grouped, a group at a time) in NHWC, as a register tile of
// pixels by vectors of output channels.
#include <algorithm>

#include "dsl/conv2d_direct_halide.h"
#include "dsl/op.h"
#include "schedules/ahead_halide.h"
#include "schedules/conv_loops_halide.h"
#include "schedules/conv_tiles.h"
#include "schedules/finish_halide.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

// Narrower groups would leave most of a vector empty.
bool serves(const Task& task, const Target& target) {
  const int64_t groups = task.attrs.get_int("groups", 1);
  return task.op == "conv2d" && target.device == DeviceKind::cpu &&
         (groups == 1 || task.outputs[0].dims[3] / groups >= 4);
}

// Tiles stay inside a group of output channels.
std::vector<int64_t> lane_choices(const ConvShape& s, const Target& target) {
  if (s.groups == 1) return up_to({4, 8, 16}, target.lanes);
  std::vector<int64_t> choices;
  for (const int64_t lanes : up_to({1, 2, 4, 8, 16}, target.lanes))
    if (s.k / s.groups % lanes == 0) choices.push_back(lanes);
  return choices;
}

// 0 is all of them.
std::vector<int64_t> channel_blocks(int64_t c) {
  std::vector<int64_t> blocks{0};
  for (const int64_t block : {32, 64, 128, 256, 512})
    if (c % block == 0 && block < c) blocks.push_back(block);
  return blocks;
}

std::vector<int64_t> unrollings(int64_t c) {
  std::vector<int64_t> counts;
  for (const int64_t count : {1, 2, 3, 4})
    if (c % count == 0) counts.push_back(count);
  return counts;
}

Axis load_axis(const Task& task) {
  Axis axis = stage_axis(task);
  if (axis.values.front() == stage_none) return axis;
  // A tile's row of a channel plane may be less than the vector in which it is made.
  if (task.inputs[0].strides[3] == 1) axis.values.push_back(stage_tile);
  // Read where it lies: tiles at the edges ask of each pixel whether it is there.
  if (task.prologue.empty() && reads_image(task))
    axis.values.insert(axis.values.begin(), stage_none);
  return axis;
}

// 0: a tile is a run of pixels, and goes on in the next row and the next image.
Axis rows_of_tile(const ConvShape& s) {
  std::vector<int64_t> rows = up_to({1, 2, 3}, s.height);
  if (s.n * s.height > 1 && s.groups == 1) rows.insert(rows.begin(), 0);
  return {"yt", rows};
}

// Taps that would read nothing but padding are left out: 1: for a tile's rows, 2: columns as well,
// 3: for both, tiles beginning where the taps change that read the image.
Axis skip_axis(const Task& task) {
  const Halo reach = dsl::window_reach(task);
  Axis axis{"skip", {0}};
  if (conv_shape(task).groups > 1 || !reads_image(task)) return axis;
  if (reach.top + reach.bottom > 0) axis.values.push_back(1);
  if (reach.left + reach.right > 0) axis.values.push_back(2);
  if (reach != Halo{} && fits_regions(task, 1, 1)) axis.values.push_back(3);
  return axis;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  return {
      {"lanes", lane_choices(s, target)},  // of a vector of output channels
      {"kt", conv_tile_vectors(s)},        // vectors of a tile
      {"xt", conv_tile_widths(s)},         // pixels of a tile along x
      rows_of_tile(s),                     // and along y
      {"cu", unrollings(s.c / s.groups)},  // channels unrolled
      {"su", s.window.kernel_w > 1 ? std::vector<int64_t>{0, 1}
                                   : std::vector<int64_t>{0}},  // taps of a row unrolled
      {"cb", channel_blocks(s.c / s.groups)},  // channels summed before the next tile
      {"order", {0, 1}},  // blocks of output channels are 0: outside a strip's tiles, 1: inside
      strip_axis(s),
      {"par", {0, 1}},  // threads share 0: strips, 1: blocks of output channels
      load_axis(task),
      skip_axis(task),
  };
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "direct: " + rule};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  const int64_t lanes = config.at("lanes"), kt = config.at("kt"), xt = config.at("xt"),
                yt = config.at("yt"), cu = config.at("cu"), cb = config.at("cb"),
                strip = config.at("strip");
  if (!fits_registers({lanes, kt, xt, yt, 0}, target)) return illegal("the register tile spills");
  if (divide_up(s.k, lanes) < kt) return illegal("the tile has more vectors than the output");
  if (s.groups > 1 && s.k / s.groups % (lanes * kt) != 0)
    return illegal("the tile reaches into another group");
  const int64_t taps = config.at("su") ? s.window.kernel_w : 1;
  if (taps * cu * kt * xt * std::max<int64_t>(yt, 1) > 512)
    return illegal("the unrolled body is too long");
  if (yt == 0 && (strip > 0 || config.at("order") == 1 || config.at("par") == 0 ||
                  config.at("stage") == stage_strip || config.at("skip") > 0))
    return illegal("runs of pixels are shared by blocks of channels");
  if (config.at("skip") > 0 && config.at("stage") != stage_none && config.at("stage") != stage_root)
    return illegal("what is kept of the input has no constant size where taps are left out");
  if (config.at("skip") == 3 &&
      (config.at("par") == 0 || config.at("stage") != stage_none || strip > 0))
    return illegal("tiles of outputs that read the same read the input itself, image by image");
  if (config.at("skip") == 3 && !fits_regions(task, xt, yt))
    return illegal("the tile is larger than a run of outputs that read the same");
  if (yt > 0 && xt > s.width) return illegal("the tile is wider than a row");
  if (yt > 0 && strip >= strip_tiles(s, xt, yt)) return illegal("the strip is the whole image");
  if (cb > 0 && strip > 0 && strip_tiles(s, xt, yt) % strip != 0)
    return illegal("the sums of the last strip reach beyond the image");
  if (config.at("order") == 1 && (cb > 0 || config.at("par") == 1))
    return illegal("blocks of channels are either inside or outside");
  // What is kept of the input is made in vectors that are shifted inwards: the part must hold one.
  if (config.at("stage") == stage_strip && config.at("par") == 1 && s.groups > 1)
    return illegal("a block of outputs needs its own group alone, which may be less than a vector");
  if (config.at("stage") == stage_tile && config.at("order") == 0)
    return illegal("a tile's input is kept for the blocks of channels inside");
  return {};
}

// Whether channel planes are better read where they lie than copied into a frame of zeros: the copy
// costs some 0.7 cycles an element, masks at a row's ends a quarter of the products there. One core
// of a Granite Rapids, 2026-11, 3x3 at stride 2: 3 -> 16@384x768 0.58 ms copied, 0.41 in place; 3
// -> 64@224 0.285 and 0.27; 7x7, 3 -> 64@224 1.29 and 1.49.
bool reads_planes_in_place(const Task& task, const ConvTile& tile, const Target& target) {
  if (!task.prologue.empty() || task.inputs[0].strides[3] == 1 || !reads_image(task)) return false;
  const ConvShape s = conv_shape(task);
  const Halo reach = dsl::window_reach(task);
  const int64_t ends = (reach.left > 0 ? 1 : 0) + (reach.right > 0 ? 1 : 0),
                vectors = divide_up(s.k, tile.lanes), taps = s.window.kernel_h * s.window.kernel_w;
  const double products =
      unit_cycles(target, tile.lanes) / 2 * static_cast<double>(vectors * taps * s.c);
  const double copied = 0.7 * static_cast<double>(s.window.stride_h * s.window.stride_w * s.c);
  return products / 4 * static_cast<double>(ends) <
         copied * static_cast<double>(divide_up(s.width, tile.xt));
}

Config initial(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const auto tiles = [&](ConvTileChoice choice) {
    choice.runs = choice.runs && s.groups == 1 && s.n * s.height > 1;
    choice.skip = choice.skip && s.groups == 1;
    return good_tile(task, lane_choices(s, target), choice, target);
  };
  int64_t stage = stage_axis(task).values[0];
  // A narrow group's taps are unrolled along a row: 8 channels a group at stride 2, 256@56x56, 0.33
  // ms by loops, 0.29 so.
  const bool narrow = s.groups > 1 && s.c / s.groups <= 8 && s.window.kernel_w > 1;
  ConvTile tile = tiles({.skip = stage == stage_none, .rows = narrow ? 1 : 3});
  if (stage != stage_none && s.groups == 1) {
    const ConvTile row = tiles({.runs = false, .skip = false, .rows = 1});
    if (reads_planes_in_place(task, row, target)) {
      const Halo reach = dsl::window_reach(task);
      stage = stage_none;
      tile = row;
      tile.skip = reach.top + reach.bottom > 0 ? 1 : 0;
    }
  }
  // An input that is changed on load, and whose windows do not overlap, is kept for a tile: it
  // stays in L1 from when it is made.
  const bool by_tile = stage == stage_strip && s.window.kernel_h <= s.window.stride_h &&
                       s.window.kernel_w <= s.window.stride_w && task.inputs[0].strides[3] == 1;
  // Weights that do not stay in L2 are read once: threads take blocks of them over the whole image.
  // That costs a pass over the changed input, so by tile only weights well beyond L2 are.
  const double weight_bytes =
      4.0 * static_cast<double>(s.k * s.c / s.groups * s.window.kernel_h * s.window.kernel_w);
  const double kept_bytes = static_cast<double>(target.l2_bytes) * (by_tile ? 2 : 0.5);
  const int64_t blocks = divide_up(divide_up(s.k, tile.lanes), tile.kt);
  const bool by_blocks = tile.yt == 0 || (blocks >= 4 && weight_bytes > kept_bytes);
  if (by_blocks && stage != stage_none) {
    tile = tiles({.regions = true});
    stage = tile.skip == 3 ? stage_none : stage_root;  // a strip's would be made for each block
  }
  if (by_tile && !by_blocks) stage = stage_tile;
  // Weights that are a small part of L2 are read again for each tile, so that wide pixels are
  // written, and the input read, in one go.
  const bool inside =
      blocks > 1 && weight_bytes <= static_cast<double>(target.l2_bytes) / 4 && stage == stage_none;
  const int64_t order = !by_blocks && (stage == stage_tile || inside) ? 1 : 0;
  return {
      "direct",
      {{"lanes", tile.lanes},
       {"kt", tile.kt},
       {"xt", tile.xt},
       {"yt", tile.yt},
       {"skip", tile.skip},
       {"cu", s.c / s.groups <= 4 && !narrow ? s.c / s.groups : 1},
       {"su", narrow && s.window.kernel_w * tile.kt * tile.xt <= 128 ? 1 : 0},
       {"cb", by_blocks ? good_channel_block(s, tile, channel_blocks(s.c / s.groups), target) : 0},
       {"order", order},
       {"strip", by_blocks ? 0 : good_strip(task, s, tile.xt, tile.yt, target)},
       {"par", by_blocks ? 1 : 0},
       {"stage", stage}}};
}

double cycles(const Task& task, const Target& target, const Config& config) {
  return cold_cycles(
      task,
      {config.at("lanes"), config.at("kt"), config.at("xt"), config.at("yt"), config.at("skip")},
      target);
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  const int64_t block = config.at("lanes") * config.at("kt");
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task)) packings.push_back(plain_packing(param.dims));
  // {block of k, block of c, r, [s], c, [s], k in block}: the order in which a tile reads them.
  const Dims weights = packings[0].source;
  const int64_t cb = config.at("cb") ? config.at("cb") : weights[1];
  const PackAxis ko{0, block, divide_up(weights[0], block)}, co{1, cb, weights[1] / cb},
      r{2, 1, weights[2]}, s{3, 1, weights[3]}, c{1, 1, cb}, k{0, 1, block};
  packings[0].axes = config.at("su") ? std::vector<PackAxis>{ko, co, r, c, s, k}
                                     : std::vector<PackAxis>{ko, co, r, s, c, k};
  return packings;
}

dsl::Algorithm algorithm_of(const Task& task, const dsl::Binding& binding, const Config& config) {
  if (conv_shape(task).groups > 1) return (*dsl::find_op(task.op))->algorithm(task, binding);
  dsl::SkipTiles skip;
  if (config.at("skip") >= 1) skip.height = static_cast<int>(config.at("yt"));
  if (config.at("skip") == 2) skip.width = static_cast<int>(config.at("xt"));
  return dsl::direct_conv2d(task, binding, skip);
}

struct Names {
  Halide::Var ki{"ki"}, kv{"kv"}, ko{"ko"}, xi{"xi"}, xo{"xo"}, yi{"yi"}, yo{"yo"}, strip{"strip"},
      item{"item"};
};

/// Tiles of the output, unrolled, in strips: see `apply`.
void order_output(Halide::Func out, const Task& task, const Config& config, Names& v) {
  using Halide::TailStrategy;
  const ConvShape s = conv_shape(task);
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const int xt = axis("xt"), yt = axis("yt");
  const Halide::Var k = out.args()[0], x = out.args()[1], y = out.args()[2], n = out.args()[3];
  split_vectors(out, k, v.ko, v.kv, v.ki, s.k, axis("lanes"), axis("kt"), TailStrategy::Predicate);
  out.split(x, v.xo, v.xi, xt, TailStrategy::GuardWithIf)
      .split(y, v.yo, v.yi, yt, TailStrategy::GuardWithIf)
      .unroll(v.xi)
      .unroll(v.yi);
  Halide::Var& along = s.height > 1 ? v.yo : v.xo;
  const int tile_count = static_cast<int>(strip_tiles(s, config.at("xt"), config.at("yt")));
  out.split(along, v.strip, along, axis("strip") ? axis("strip") : tile_count,
            TailStrategy::GuardWithIf);
  // A tile at an edge has fewer pixels, and must not ask for each of them whether it is there: not
  // in the last strip or the last block of channels either. Strips have it in the last of them.
  const auto cut_edge = [&](const Halide::Var& tiles, int64_t extent, int64_t tile) {
    if (extent > tile && extent % tile != 0 && (axis("strip") == 0 || !tiles.same_as(along)))
      out.partition(tiles, Halide::Partition::Always);
  };
  cut_edge(v.xo, s.width, xt);
  cut_edge(v.yo, s.height, yt);
  if (axis("par") == 1) {
    out.reorder(v.ki, v.kv, v.xi, v.yi, v.xo, v.yo, v.strip, n, v.ko).parallel(v.ko);
    v.item = v.strip;
    return;
  }
  if (axis("order") == 1)
    out.reorder(v.ki, v.kv, v.xi, v.yi, v.ko, v.xo, v.yo, v.strip, n);
  else
    out.reorder(v.ki, v.kv, v.xi, v.yi, v.xo, v.yo, v.ko, v.strip, n);
  out.fuse(v.strip, n, v.item).parallel(v.item);
}

/// One tile of sums, zeroed and then summed over c within s within r; with `blocked`, over all
/// tiles of a strip before the next block of channels.
void order_sums(Halide::Func acc, const Halide::RDom& taps, const Config& config, bool blocked) {
  using Halide::Var;
  using Halide::VarOrRVar;
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const auto at = acc.args();  // k, x, y, n or k, pixel or k, x, y in a tile, tiles, n
  const bool in_tiles = at.size() > 4;
  // Loops inside a tile, from the innermost, and those over tiles.
  struct Loops {
    std::vector<VarOrRVar> tile, tiles;
  };
  const auto tile = [&](Halide::Stage stage) {
    Var kv("kv"), ki("ki");
    stage.split(at[0], kv, ki, axis("lanes")).vectorize(ki).unroll(kv);
    Loops loops{{ki, kv}, {}};
    for (size_t d = 1; d < std::min<size_t>(at.size(), 3); ++d) {
      Var inner(d == 1 ? "xi" : "yi"), outer(d == 1 ? "xo" : "yo");
      if (blocked && in_tiles) {
        loops.tiles.push_back(at[d + 2]);
      } else if (blocked) {
        stage.split(at[d], outer, inner, axis(d == 1 ? "xt" : "yt"),
                    Halide::TailStrategy::GuardWithIf);
        loops.tiles.push_back(outer);
      } else {
        inner = at[d];
      }
      stage.unroll(inner);
      loops.tile.push_back(inner);
    }
    return loops;
  };
  Loops loops = tile(acc);
  std::vector<VarOrRVar> order = loops.tile;
  order.insert(order.end(), loops.tiles.begin(), loops.tiles.end());
  acc.reorder(order);

  Halide::Stage update = acc.update();
  loops = tile(update);
  order = loops.tile;
  Halide::RVar c = taps[0], s = taps[1], r = taps[2], block("cblock"), unrolled("cu");
  if (blocked) update.split(c, block, c, axis("cb"));
  if (axis("cu") > 1) {
    update.split(c, c, unrolled, axis("cu")).unroll(unrolled);
    order.push_back(unrolled);
  }
  if (axis("su")) {
    update.unroll(s);
    order.insert(order.end(), {s, c, r});
  } else {
    order.insert(order.end(), {c, s, r});
  }
  order.insert(order.end(), loops.tiles.begin(), loops.tiles.end());
  if (blocked) order.push_back(block);
  update.reorder(order);
}

/// Where threads take blocks of k, weights are too many for L2: each tile of a block asks for its
/// share of the next block. `tiles` are the loops over tiles, outermost first.
void stream_weights(Scheduled& scheduled, const Task& task, const Config& config,
                    const Halide::ImageParam& weights, const Halide::RDom& taps,
                    const std::vector<NamedLoop>& tiles) {
  if (config.at("cb") > 0 || config.at("cu") > 1 || config.at("su") > 0) return;
  const ConvShape s = conv_shape(task);
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  prefetch_next_block(scheduled, {weights.name(),
                                  tiles,
                                  {{taps[2].name(), whole(s.window.kernel_h)},
                                   {taps[1].name(), whole(s.window.kernel_w)},
                                   {taps[0].name(), whole(s.c / s.groups)}},
                                  whole(config.at("lanes") * config.at("kt"))});
}

/// parallel blocks of k: for runs of xt pixels: a tile's sums and what is made of them, as below.
Scheduled apply_line(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  const dsl::LineConv line = dsl::line_conv2d(task, binding);
  Halide::Func out = line.algorithm.funcs.at("out"), acc = line.algorithm.funcs.at("acc");
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  Names v;
  Halide::RVar run("run"), pixel("pixel");
  Halide::Stage update = out.update();
  split_vectors(update, out.args()[0], v.ko, v.kv, v.ki, conv_shape(task).k, axis("lanes"),
                axis("kt"), Halide::TailStrategy::Predicate);
  update.split(line.pixels[0], run, pixel, axis("xt"), Halide::TailStrategy::GuardWithIf)
      .unroll(pixel)
      .reorder(v.ki, v.kv, pixel, run, v.ko)
      .parallel(v.ko);

  const bool blocked = axis("cb") > 0;
  acc.bound_extent(acc.args()[0], axis("lanes") * axis("kt"));
  if (blocked)
    acc.compute_at(out, v.ko);
  else
    acc.compute_at(out, run);
  order_sums(acc, line.algorithm.reduction, config, blocked);
  keep_load(line.algorithm, out, v.ko, task, target, config.at("stage"));
  Scheduled scheduled = finish(line.algorithm, binding);
  const ConvShape s = conv_shape(task);
  const auto runs = static_cast<int>(divide_up(s.n * s.height * s.width, axis("xt")));
  stream_weights(scheduled, task, config, binding.params[0], line.algorithm.reduction,
                 {{".run", runs}});
  return scheduled;
}

/// parallel blocks of k: for images: for tiles of y, x: a tile's sums and what is made of them, as
/// below.
Scheduled apply_regions(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const dsl::RegionConv region = dsl::region_conv2d(task, binding, axis("xt"), axis("yt"));
  Halide::Func out = region.algorithm.funcs.at("out"), acc = region.algorithm.funcs.at("acc");
  Names v;
  const Halide::RVar x = region.pixels[0], y = region.pixels[1], across = region.pixels[2],
                     down = region.pixels[3];
  Halide::Stage update = out.update();
  split_vectors(update, out.args()[0], v.ko, v.kv, v.ki, conv_shape(task).k, axis("lanes"),
                axis("kt"), Halide::TailStrategy::Predicate);
  update.unroll(x)
      .unroll(y)
      .reorder(v.ki, v.kv, x, y, across, down, out.args()[3], v.ko)
      .parallel(v.ko);

  acc.bound_extent(acc.args()[0], axis("lanes") * axis("kt"));
  if (axis("cb") > 0)
    acc.compute_at(out, v.ko);
  else
    acc.compute_at(out, across);
  order_sums(acc, region.algorithm.reduction, config, axis("cb") > 0);
  Scheduled scheduled = finish(region.algorithm, binding);
  stream_weights(scheduled, task, config, binding.params[0], region.algorithm.reduction,
                 {{".n", static_cast<int>(conv_shape(task).n)},
                  {down.name(), region.down},
                  {across.name(), region.across}});
  return scheduled;
}

/// parallel strips of rows of images: for blocks of k: for tiles of y, x in the strip:
///   sums[yt][xt][kt] = 0, in registers
///   for r, s: for c: [unrolled: kt weights, and for each pixel one broadcast and kt products]
///   [unrolled: out = chain(sums)]
/// order=1: the blocks of k are the innermost loop around a tile, for outputs that are wide and
/// inputs that are narrow, or for an input that is changed as it is loaded, which then needs to be
/// kept for one tile only. par=1: threads take blocks of k instead. cb>0: the sums of a strip lie
/// in memory, and each block of channels is added to all tiles before the next, so that its weights
/// stay in L1. yt=0: tiles are runs of pixels (`apply_line`). skip>0: taps that are padding for all
/// of a tile are left out, with 3 by tiles of their own (`apply_regions`). Tiles at the right and
/// the bottom edge are cut. Weights are padded with zeros to whole blocks; what lies past K is not
/// stored.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  if (config.at("yt") == 0) return apply_line(task, target, config);
  if (config.at("skip") == 3) return apply_regions(task, target, config);
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = algorithm_of(task, binding, config);
  Halide::Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc");
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const bool blocked = axis("cb") > 0;
  Names names;
  order_output(out, task, config, names);

  acc.bound_extent(acc.args()[0], axis("lanes") * axis("kt"));
  if (blocked) {
    acc.compute_at(out, axis("par") ? names.item : names.ko);
  } else {
    acc.compute_at(out, axis("order") ? names.ko : names.xo);
  }
  order_sums(acc, algorithm.reduction, config, blocked);

  keep_load(algorithm, out, config.at("stage") == stage_tile ? names.xo : names.item, task, target,
            config.at("stage"));
  Scheduled scheduled = finish(algorithm, binding);
  if (axis("par") == 1) {
    const ConvShape s = conv_shape(task);
    const auto count = [](int64_t extent, int64_t tile) {
      return static_cast<int>(divide_up(extent, tile));
    };
    stream_weights(scheduled, task, config, binding.params[0], algorithm.reduction,
                   {{".n", static_cast<int>(s.n)},
                    {".yo", count(s.height, axis("yt"))},
                    {".xo", count(s.width, axis("xt"))}});
  }
  return scheduled;
}

}  // namespace

Space conv_direct_space() {
  return {"direct", 6, serves, axes, legal, initial, packing, apply, nullptr, cycles};
}

}  // namespace tenfold::schedules
