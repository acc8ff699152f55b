// "direct": dense convolution (and grouped, a group at a time) in NHWC, as a register tile of
// pixels by vectors of output channels.
#include "schedules/conv_direct.h"

#include "dsl/conv2d_direct_halide.h"
#include "dsl/op.h"
#include "schedules/ahead_halide.h"
#include "schedules/conv_loops_halide.h"
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
  const Halide::Var image = out.args()[3];
  const Halide::RVar x = region.pixels[0], y = region.pixels[1], across = region.pixels[2],
                     down = region.pixels[3];
  Halide::Stage update = out.update();
  split_vectors(update, out.args()[0], v.ko, v.kv, v.ki, conv_shape(task).k, axis("lanes"),
                axis("kt"), Halide::TailStrategy::Predicate);
  update.unroll(x).unroll(y).reorder(v.ki, v.kv, x, y, across, down, image, v.ko).parallel(v.ko);

  acc.bound_extent(acc.args()[0], axis("lanes") * axis("kt"));
  if (axis("cb") > 0)
    acc.compute_at(out, image);
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
  return {"direct",       6,       serves, direct_axes, direct_legal,
          direct_initial, packing, apply,  nullptr,     direct_cycles};
}

}  // namespace tenfold::schedules
