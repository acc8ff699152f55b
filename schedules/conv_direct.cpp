// "direct": dense convolution (and grouped, a group at a time) in NHWC, as a register tile of
// pixels by vectors of output channels.
#include <algorithm>
#include <limits>

#include "dsl/op.h"
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

std::vector<Axis> axes(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  return {
      {"lanes", lane_choices(s, target)},  // of a vector of output channels
      {"kt", up_to({1, 2, 3, 4, 5, 6, 7, 8},
                   std::max<int64_t>(1, divide_up(s.k, 4)))},        // vectors of a tile
      {"xt", up_to({1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14}, s.width)},  // pixels of a tile along x
      {"yt", up_to({1, 2, 3}, s.height)},                            // and along y
      {"cu", unrollings(s.c / s.groups)},                            // channels unrolled
      {"su", s.window.kernel_w > 1 ? std::vector<int64_t>{0, 1}
                                   : std::vector<int64_t>{0}},  // taps of a row unrolled
      {"cb", channel_blocks(s.c / s.groups)},  // channels summed before the next tile
      {"order", {0, 1}},  // blocks of output channels are 0: outside a strip's tiles, 1: inside
      strip_axis(s),
      {"par", {0, 1}},  // threads share 0: strips, 1: blocks of output channels
      stage_axis(task),
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
  const int64_t accumulators = kt * xt * yt * divide_up(lanes, target.lanes);
  if (accumulators + 2 > target.registers) return illegal("the register tile spills");
  if (divide_up(s.k, lanes) < kt) return illegal("the tile has more vectors than the output");
  if (s.groups > 1 && s.k / s.groups % (lanes * kt) != 0)
    return illegal("the tile reaches into another group");
  const int64_t taps = config.at("su") ? s.window.kernel_w : 1;
  if (taps * cu * accumulators > 512) return illegal("the unrolled body is too long");
  if (strip >= strip_tiles(s, config.at("xt"), config.at("yt")))
    return illegal("the strip is the whole image");
  if (config.at("order") == 1 && (cb > 0 || config.at("par") == 1))
    return illegal("blocks of channels are either inside or outside");
  return {};
}

// Cycles of one channel of one tap of a tile: two products and two loads a cycle, a latency of
// four, and the loop around it. A tile that leaves no register for a second broadcast spills.
double tile_cycles(int64_t kt, int64_t pixels, const Target& target) {
  const double products = static_cast<double>(kt * pixels),
               loads = static_cast<double>(kt + pixels);
  const double cycles = std::max({4.0, products / 2, loads / 2}) + 0.2;
  return kt * pixels + kt + 1 > target.registers ? 2 * cycles : cycles;
}

// A dimension cut into tiles: how many whole ones, and what is left for the last.
struct Cut {
  int64_t whole, rest;
};

double image_cycles(const ConvShape& s, int64_t lanes, int64_t kt, int64_t xt, int64_t yt,
                    const Target& target) {
  const auto cut = [](int64_t extent, int64_t tile) { return Cut{extent / tile, extent % tile}; };
  const Cut k = cut(divide_up(s.k, lanes), kt), x = cut(s.width, xt), y = cut(s.height, yt);
  double cycles = 0;
  for (const auto& [k_count, k_size] :
       {std::pair{k.whole, kt}, std::pair{std::min<int64_t>(k.rest, 1), k.rest}})
    for (const auto& [x_count, x_size] :
         {std::pair{x.whole, xt}, std::pair{std::min<int64_t>(x.rest, 1), x.rest}})
      for (const auto& [y_count, y_size] :
           {std::pair{y.whole, yt}, std::pair{std::min<int64_t>(y.rest, 1), y.rest}})
        if (k_count * x_count * y_count > 0)
          cycles += static_cast<double>(k_count * x_count * y_count) *
                    tile_cycles(k_size, x_size * y_size, target);
  return cycles;
}

Config initial(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const std::vector<Axis> all = axes(task, target);
  Config config{"direct",
                {{"cu", 1}, {"su", 0}, {"cb", 0}, {"order", 0}, {"strip", 0}, {"par", 0}}};
  double best = std::numeric_limits<double>::max();
  for (const int64_t lanes : all[0].values)
    for (const int64_t kt : all[1].values)
      for (const int64_t xt : all[2].values)
        for (const int64_t yt : all[3].values) {
          if (kt * xt * yt + 2 > target.registers || divide_up(s.k, lanes) < kt) continue;
          if (s.groups > 1 && s.k / s.groups % (lanes * kt) != 0) continue;
          const double cycles = image_cycles(s, lanes, kt, xt, yt, target);
          if (cycles >= best) continue;
          best = cycles;
          for (const auto& [name, value] :
               {std::pair{"lanes", lanes}, {"kt", kt}, {"xt", xt}, {"yt", yt}})
            config.values.insert_or_assign(name, value);
        }
  if (s.c / s.groups <= 4) config.values["cu"] = s.c / s.groups;
  // Weights that no cache holds are read once: threads take blocks of them over the whole image.
  const double weight_bytes =
      4.0 * static_cast<double>(s.k * s.c / s.groups * s.window.kernel_h * s.window.kernel_w);
  if (weight_bytes > 2 * static_cast<double>(target.l2_bytes)) {
    config.values["par"] = 1;
  } else {
    config.values["strip"] = good_strip(task, s, config.at("xt"), config.at("yt"), target);
  }
  config.values["stage"] = all.back().values[0];
  return config;
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
  const Var k = acc.args()[0], x = acc.args()[1], y = acc.args()[2];
  const auto tile = [&](Halide::Stage stage, Var xo, Var yo) {
    Var kv("kv"), ki("ki"), xi("xi"), yi("yi");
    stage.split(k, kv, ki, axis("lanes")).vectorize(ki).unroll(kv);
    if (blocked)
      stage.split(x, xo, xi, axis("xt"), Halide::TailStrategy::GuardWithIf)
          .split(y, yo, yi, axis("yt"), Halide::TailStrategy::GuardWithIf);
    else
      xi = x, yi = y;
    stage.unroll(xi).unroll(yi);
    return std::vector<VarOrRVar>{ki, kv, xi, yi};
  };
  Var xo("xo"), yo("yo");
  std::vector<VarOrRVar> order = tile(acc, xo, yo);
  if (blocked) acc.reorder({order[0], order[1], order[2], order[3], xo, yo});
  Halide::Stage update = acc.update();
  order = tile(update, xo, yo);
  Halide::RVar c = taps[0], s = taps[1], r = taps[2], block("cblock"), inner("c"), unrolled("cu");
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
  if (blocked) order.insert(order.end(), {xo, yo, block});
  update.reorder(order);
}

/// parallel strips of rows of images: for blocks of k: for tiles of y, x in the strip:
///   sums[yt][xt][kt] = 0, in registers
///   for r, s: for c: [unrolled: kt weights, and for each pixel one broadcast and kt products]
///   [unrolled: out = chain(sums)]
/// order=1: the blocks of k are the innermost loop around a tile, for outputs that are wide and
/// inputs that are narrow. par=1: threads take blocks of k instead. cb>0: the sums of a strip lie
/// in memory, and each block of channels is added to all tiles before the next, so that its weights
/// stay in L1. Tiles at the right and the bottom edge are cut. Weights are padded with zeros to
/// whole blocks; what lies past K is not stored.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
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

  keep_load(algorithm, out, names.item, task, target, config.at("stage"));
  return finish(algorithm, binding);
}

}  // namespace

Space conv_direct_space() {
  return {"direct", 2, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
