// "grouped": convolution of several groups. Narrow groups share a vector: its lanes are the output
// channels of several groups, and the input channels, loaded as they lie, are each spread over
// their group's lanes by one shuffle. Wider groups end in a masked vector of their own. The taps of
// a row are unrolled, so that one broadcast or shuffle serves all of them.
#include <algorithm>
#include <limits>

#include "dsl/conv2d_grouped_halide.h"
#include "dsl/op.h"
#include "schedules/conv_loops_halide.h"
#include "schedules/conv_tiles.h"
#include "schedules/finish_halide.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

// One filter a channel is depthwise's, and groups that are whole vectors, two or more, direct's.
bool serves(const Task& task, const Target& target) {
  const int64_t groups = task.attrs.get_int("groups", 1);
  if (task.op != "conv2d" || target.device != DeviceKind::cpu || groups == 1) return false;
  const int64_t group_k = task.outputs[0].dims[3] / groups;
  return !(group_k == 1 && task.inputs[0].dims[3] == groups) &&
         (group_k % target.lanes != 0 || group_k < 2 * target.lanes);
}

int64_t group_k(const ConvShape& s) {
  return s.k / s.groups;
}
int64_t group_c(const ConvShape& s) {
  return s.c / s.groups;
}

// Groups of one vector.
std::vector<int64_t> shares(const ConvShape& s, const Target& target) {
  std::vector<int64_t> choices{1};
  for (int64_t share = 2; share * group_k(s) <= target.lanes; ++share)
    if (s.groups % share == 0) choices.push_back(share);
  return choices;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  Axis unrolled{"cu", {}}, blocks{"gb", {0}}, taps{"tu", {0}};
  for (const int64_t count : {1, 2, 3, 4, 5, 6, 7, 8, 16})
    if (group_c(s) % count == 0) unrolled.values.push_back(count);
  for (int64_t count = 1; count <= 32; count *= 2) blocks.values.push_back(count);
  if (s.window.kernel_w > 1) taps.values.push_back(1);
  if (s.window.kernel_h > 1) taps.values.push_back(2);
  return {
      {"share", shares(s, target)},                      // groups of a vector
      {"lanes", up_to({1, 2, 4, 8, 16}, target.lanes)},  // output channels of a vector
      {"kt", up_to({1, 2, 3, 4, 5, 6},
                   divide_up(group_k(s), std::min<int64_t>(4, group_k(s))))},  // vectors of a tile
      {"xt", up_to({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14}, s.width)},  // pixels of a tile along x
      {"yt", up_to({1, 2, 3, 4}, s.height)},                            // and along y
      unrolled,  // channels of a group unrolled
      taps,      // taps unrolled: 1: of a row, 2: all
      blocks,    // blocks of output channels inside the loop over x; 0: all
      {"turns", shares(s, target).size() > 1 && task.inputs[0].strides[3] == 1
                    ? std::vector<int64_t>{0, 1}
                    : std::vector<int64_t>{0}},  // 1: a strip's input is copied first, the groups
                                                 // of a vector in turns
      {"order", {0, 1}},  // the other blocks are 0: outside a strip's rows, 1: inside a row
      strip_axis(s),
      stage_axis(task),
  };
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "grouped: " + rule};
}

dsl::GroupGrid grid_of(const Config& config) {
  return {static_cast<int>(config.at("share")),
          static_cast<int>(config.at("lanes") * config.at("kt")), config.at("turns") == 1};
}

// Output channels of the groups that are computed together.
int64_t bundle_width(const ConvShape& s, const Config& config) {
  return config.at("share") * group_k(s);
}

int64_t blocks_of_all(const ConvShape& s, const Config& config) {
  return s.groups / config.at("share") *
         divide_up(bundle_width(s, config), config.at("lanes") * config.at("kt"));
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  const int64_t lanes = config.at("lanes"), kt = config.at("kt"), xt = config.at("xt"),
                yt = config.at("yt"), cu = config.at("cu"), tu = config.at("tu"),
                wide = bundle_width(s, config);
  if (kt * xt * yt + 2 > target.registers) return illegal("the register tile spills");
  if (lanes >= 2 * wide) return illegal("a vector is more than half empty");
  if (divide_up(wide, lanes) < kt) return illegal("the tile has more vectors than its groups");
  if (config.at("share") > 1 && (lanes < wide || cu != group_c(s)))
    return illegal("groups that share a vector have all their channels unrolled");
  if (config.at("turns") == 1 && (config.at("share") == 1 || lanes != wide))
    return illegal("groups that take turns fill a vector");
  if (s.height % yt != 0)
    return illegal("rows of a tile divide the image: a cut one would break every tile's body");
  const int64_t taps = (tu >= 1 ? s.window.kernel_w : 1) * (tu == 2 ? s.window.kernel_h : 1);
  if (taps * cu * kt * xt * yt > 600) return illegal("the unrolled body is too long");
  if (config.at("strip") >= strip_tiles(s, xt, yt)) return illegal("the strip is the whole image");
  if (config.at("gb") >= blocks_of_all(s, config) ||
      (config.at("order") == 1 && config.at("gb") == 0))
    return illegal("there are no other blocks");
  return {};
}

// Whether spreading an input over its group's lanes moves it across the 128 bits within which a
// single shuffle does. Seen on Emerald Rapids, two groups of 8 channels: 54 % of the peak with
// shuffles and 84 in turns at stride 1, 37 and 44 at stride 2; four groups of 4: 66 and 58.
bool crosses_lanes(const ConvShape& s, int64_t lanes, int64_t share) {
  return share > 1 && group_k(s) > 4 && share * group_k(s) == lanes;
}

// Cycles of one channel and one row of taps of a tile: two products and two loads a cycle, four
// cycles until a sum can be added to again, and the loop around it. A shuffle takes the place of
// half a product. Where no register is left for inputs that several taps use, or for vectors that
// are yet to be shuffled, some are spilled.
double tile_cycles(const ConvShape& s, const Config& config, const Target& target) {
  const int64_t kt = config.at("kt"), xt = config.at("xt"), yt = config.at("yt");
  const dsl::Window& w = s.window;
  const bool shared = config.at("share") > 1 && config.at("turns") == 0;
  const int64_t taps = config.at("tu") ? w.kernel_w : 1, sums = kt * xt * yt,
                columns = w.dilation_w == 1 ? (xt - 1) * w.stride_w + taps : xt * taps,
                rows = config.at("tu") == 2 && w.dilation_h == 1
                           ? (yt - 1) * w.stride_h + w.kernel_h
                           : yt * w.kernel_h;
  const double each = unit_cycles(target, config.at("lanes")),
               products = static_cast<double>(taps * sums),
               inputs = static_cast<double>(std::min(columns, xt * taps) *
                                            std::min(rows, yt * w.kernel_h)) /
                        static_cast<double>(w.kernel_h),
               loads = each * static_cast<double>(taps * kt) + (shared ? each : 1) * inputs,
               shuffles = shared ? inputs / 2 : 0;
  const double cycles =
      std::max({4.0 * static_cast<double>(taps), each * (products + shuffles) / 2, loads / 2}) +
      0.5;
  const bool spills = shared ? sums > target.registers / 2
                      : config.at("turns") == 1
                          ? sums > target.registers * 5 / 8
                          : sums + kt * std::min<int64_t>(taps, 3) > target.registers - 3;
  return spills ? 1.25 * cycles : cycles;
}

// All tiles of an image, of which the last of a row is cut. The copy that takes turns costs three
// cycles a vector of the input.
double image_cycles(const ConvShape& s, const Config& config, const Target& target) {
  const int64_t xt = config.at("xt"), yt = config.at("yt"), rest = s.width % xt;
  const auto tiles = [&](Config tile, int64_t pixels, int64_t count) {
    tile.values["xt"] = pixels;
    return count == 0 || pixels == 0 ? 0.0
                                     : static_cast<double>(count) * tile_cycles(s, tile, target);
  };
  const double taps = config.at("tu") ? 1 : static_cast<double>(s.window.kernel_w);
  const double bodies = taps * (tiles(config, xt, s.width / xt) + tiles(config, rest, 1)) *
                        static_cast<double>(divide_up(s.height, yt));
  const int64_t lanes = config.at("lanes"),
                copied = config.at("turns") * s.window.stride_h * s.window.stride_w * s.height *
                         s.width * divide_up(config.at("share") * group_c(s), lanes);
  return (bodies + 3 * unit_cycles(target, lanes) * static_cast<double>(copied) /
                       static_cast<double>(group_c(s) * s.window.kernel_h)) *
         static_cast<double>(blocks_of_all(s, config));
}

// What takes turns is copied a bundle at a time: of a map beyond L2 it reads single lines of its
// pixels, which no prefetcher brings. 8 channels a group at stride 2, 256@56x56: 14 cycles each.
double line_cycles(const Task& task, const Target& target, const Config& config) {
  const View& in = task.inputs[0];
  const int64_t pixels = in.dims[1] * in.dims[2],
                lines = pixels * divide_up(4 * in.dims[3], int64_t{64});
  const bool fits = 4 * pixels * in.strides[2] < target.l2_bytes;
  return config.at("turns") == 0 || fits ? 0 : 14 * static_cast<double>(lines);
}

// All images, with weights that come from memory. Each tile has a beginning and an end.
double cycles(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const int64_t tiles = divide_up(s.width, config.at("xt")) * divide_up(s.height, config.at("yt")) *
                        blocks_of_all(s, config),
                sums = config.at("kt") * config.at("xt") * config.at("yt");
  const double products = real(group_c(s) * s.window.kernel_h) * image_cycles(s, config, target),
               ends = real(tiles) * (4 + unit_cycles(target, config.at("lanes")) * real(sums)),
               weight_bytes = 4 * real(s.k * group_c(s) * s.window.kernel_h * s.window.kernel_w);
  return together(real(s.n) * (products + ends + line_cycles(task, target, config)),
                  weight_bytes / memory_bytes_per_cycle);
}

Config initial(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const std::vector<Axis> all = axes(task, target);
  Config config{"grouped",
                {{"share", 1},
                 {"lanes", 1},
                 {"kt", 1},
                 {"xt", 1},
                 {"yt", 1},
                 {"cu", 1},
                 {"tu", 0},
                 {"gb", 0},
                 {"turns", 0},
                 {"order", 0},
                 {"strip", 0}}};
  config.values["stage"] = all.back().values[0];
  double best = std::numeric_limits<double>::max();
  Config tile = config;
  for (const int64_t share : all[0].values)
    for (const int64_t lanes : all[1].values)
      for (const int64_t kt : all[2].values)
        for (const int64_t yt : all[4].values)
          for (const int64_t xt : all[3].values) {
            tile.values["share"] = share, tile.values["lanes"] = lanes, tile.values["kt"] = kt;
            tile.values["xt"] = xt, tile.values["yt"] = yt;
            tile.values["turns"] = crosses_lanes(s, lanes, share) ? all[8].values.back() : 0;
            tile.values["cu"] = share > 1 || group_c(s) <= 4 ? all[5].values.back() : 1;
            bool fits = false;
            for (auto taps = all[6].values.rbegin(); taps != all[6].values.rend() && !fits;
                 ++taps) {
              if ((share == 1 || tile.at("turns") == 1) && *taps > 1) continue;
              tile.values["tu"] = *taps;
              fits = static_cast<bool>(legal(task, target, tile));
            }
            if (!fits) continue;
            const double cycles = image_cycles(s, tile, target);
            if (cycles >= best) continue;
            best = cycles;
            config = tile;
          }
  // Whole pixels are read at once while the weights stay in L2; else blocks of channels whose
  // weights stay in L1.
  const int64_t blocks = blocks_of_all(s, config);
  // What takes turns is copied for one block at a time, and so lies in L1; and of a 1x1
  // convolution a block shares no weights with the next, nor inputs where it is a whole group (68
  // -> 272 channels in 4 groups at 28x28: 0.078 ms all at once, 0.057 one by one).
  const bool pointwise = s.window.kernel_h * s.window.kernel_w == 1 && config.at("share") == 1;
  // Groups of one vector that is less than a line, and whose pixels do not stay in L1, go one by
  // one: the next group finds its lines there.
  const dsl::Window& w = s.window;
  const int64_t tile_inputs = ((config.at("xt") - 1) * w.stride_w + w.kernel_w) *
                              ((config.at("yt") - 1) * w.stride_h + w.kernel_h);
  const bool narrow = config.at("share") == 1 && group_k(s) <= config.at("lanes") &&
                      config.at("lanes") * 4 < 64 && 4 * s.c * tile_inputs > target.l1_bytes / 2;
  if ((config.at("turns") == 1 || pointwise || narrow) && blocks > 1) config.values["gb"] = 1;
  const int64_t block_bytes =
      4 * group_c(s) * s.window.kernel_h * s.window.kernel_w * config.at("lanes") * config.at("kt");
  if (config.at("gb") == 0 && blocks * block_bytes > target.l2_bytes / 2) {
    const int64_t inside = at_most(all[7], std::max<int64_t>(1, target.l1_bytes / 2 / block_bytes));
    if (inside < blocks) config.values["gb"] = inside;
  }
  config.values["strip"] = good_strip(task, s, config.at("xt"), config.at("yt"), target);
  return config;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task)) packings.push_back(plain_packing(param.dims));
  packings[0] = dsl::grouped_weights(task, grid_of(config));
  return packings;
}

// Lanes of a store. A masked one costs a dozen cycles on some processors of 256 bits.
int64_t store_lanes(const ConvShape& s, const Target& target, const Config& config) {
  const int64_t lanes = config.at("lanes"), wide = bundle_width(s, config);
  return wide % lanes != 0 && wide % (lanes / 2) == 0 && target.lanes <= 8 ? lanes / 2 : lanes;
}

struct Loops {
  Halide::RVar block{"block"};  // around a tile
  Halide::RVar others{"others"};
  Halide::Var item{"item"};  // what a thread takes
};

/// Tiles of the output, unrolled, in strips: see `apply`.
Loops order_output(const dsl::GroupedConv& conv, const Task& task, const Target& target,
                   const Config& config) {
  using Halide::RVar;
  using Halide::TailStrategy;
  using Halide::Var;
  const ConvShape s = conv_shape(task);
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const int xt = axis("xt"), yt = axis("yt"), wide = static_cast<int>(bundle_width(s, config)),
            lanes = static_cast<int>(store_lanes(s, target, config));
  Halide::Func out = conv.algorithm.funcs.at("out");
  Halide::Stage store = out.update();
  const Var x = out.args()[1], y = out.args()[2], n = out.args()[3];
  Loops loops;
  RVar all("all"), lane("lane"), vector("vector"), tile("tile");
  Var xi("xi"), xo("xo"), yi("yi"), yo("yo"), strip("strip");
  // Each element is stored once; Halide cannot tell.
  store.allow_race_conditions();
  store
      .split(conv.lanes[0], all, lane, lanes,
             wide % lanes == 0 ? TailStrategy::Auto : TailStrategy::Predicate)
      .split(all, tile, vector, axis("lanes") * axis("kt") / lanes)
      .split(x, xo, xi, xt, TailStrategy::GuardWithIf)
      .split(y, yo, yi, yt, TailStrategy::GuardWithIf)
      .vectorize(lane)
      .unroll(vector)
      .unroll(xi)
      .unroll(yi)
      .fuse(tile, conv.lanes[1], loops.block);
  Var& along = s.height > 1 ? yo : xo;
  const int tiles = static_cast<int>(strip_tiles(s, xt, yt));
  store.split(along, strip, along, axis("strip") ? axis("strip") : tiles,
              TailStrategy::GuardWithIf);
  const int blocks = static_cast<int>(blocks_of_all(s, config));
  store.split(loops.block, loops.others, loops.block, axis("gb") ? axis("gb") : blocks,
              TailStrategy::GuardWithIf);
  if (axis("order") == 0) {
    store.reorder({lane, vector, xi, yi, loops.block, xo, yo, loops.others, strip, n});
  } else {
    store.reorder({lane, vector, xi, yi, loops.block, xo, loops.others, yo, strip, n});
  }
  store.fuse(strip, n, loops.item).parallel(loops.item);
  return loops;
}

/// The sums of a tile, zeroed and then summed over taps unrolled within channels within the others.
void order_sums(const dsl::Algorithm& algorithm, const Config& config) {
  using Halide::RVar;
  using Halide::Var;
  using Halide::VarOrRVar;
  Halide::Func acc = algorithm.funcs.at("acc");
  const Halide::RDom& taps = algorithm.reduction;
  const int tu = static_cast<int>(config.at("tu"));
  const bool turns = config.at("turns") == 1;
  const Var lane = acc.args()[0], x = acc.args()[turns ? 3 : 2], y = acc.args()[turns ? 4 : 3];
  RVar unrolled("cu"), c = taps[0];
  for (Halide::Stage stage : {Halide::Stage(acc), acc.update()}) {
    Var vector("vector"), i("i");
    if (turns) {  // a vector of vectors: a broadcast of what lies side by side
      i = lane, vector = acc.args()[1];
      stage.vectorize(i).vectorize(vector);
    } else {
      stage.split(lane, vector, i, static_cast<int>(config.at("lanes")))
          .vectorize(i)
          .unroll(vector);
    }
    stage.unroll(x).unroll(y);
    if (stage.name() == acc.name()) continue;
    std::vector<VarOrRVar> order{i, vector}, outside;
    for (int d = 1; d <= 2; ++d) (tu >= d ? order : outside).emplace_back(taps[d]);
    if (tu >= 1) stage.unroll(taps[1]);
    if (tu == 2) stage.unroll(taps[2]);
    stage.split(c, c, unrolled, static_cast<int>(config.at("cu"))).unroll(unrolled);
    order.insert(order.end(), {x, y, unrolled, c});
    order.insert(order.end(), outside.begin(), outside.end());
    stage.reorder(order);
  }
  if (turns || !algorithm.funcs.contains("run")) return;
  Halide::Func run = algorithm.funcs.at("run");
  run.compute_at(acc, c).vectorize(run.args()[0]).unroll(run.args()[2]).unroll(run.args()[3]);
}

/// A strip's input, or of it what the blocks inside read, the groups of a bundle in turns: loaded
/// as it lies, stored after one shuffle.
void take_turns(const dsl::Algorithm& algorithm, const ConvShape& s, const Config& config,
                const Halide::LoopLevel& where) {
  Halide::Func run = algorithm.funcs.at("run"), turned = algorithm.funcs.at("turned");
  const Halide::Var g = turned.args()[0], c = turned.args()[1], bundle = turned.args()[2];
  turned.compute_at(where)
      .bound_extent(g, static_cast<int>(config.at("share")))
      .bound_extent(c, static_cast<int>(group_c(s)))
      .vectorize(g)
      .vectorize(c);
  run.compute_at(turned, bundle).vectorize(run.args()[0]);
}

/// parallel strips of rows of images: for other blocks: for tiles of y, x: for blocks:
///   sums[yt][xt][kt] = 0, in registers
///   for r: for c by cu: [unrolled: for c: for each pixel and its taps of the row: one broadcast of
///     an input, or one shuffle of a vector of inputs, and kt products]
///   [unrolled: out = chain(sums)]
/// order=1: the other blocks are inside the loop over y. A block is kt vectors of a bundle of
/// groups; the last of a bundle is masked. Tiles at the right edge are cut. turns=1: the input is
/// copied with the groups of a bundle in turns, so that one broadcast of what lies side by side
/// serves a vector, without a shuffle.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::GroupedConv conv = dsl::grouped_conv2d(task, binding, grid_of(config));
  Halide::Func out = conv.algorithm.funcs.at("out"), acc = conv.algorithm.funcs.at("acc");
  const Loops loops = order_output(conv, task, target, config);
  acc.compute_at(out, loops.block);
  order_sums(conv.algorithm, config);
  if (config.at("turns") == 1) {
    const ConvShape s = conv_shape(task);
    acc.bound_extent(acc.args()[0], static_cast<int>(config.at("share")))
        .bound_extent(acc.args()[1], static_cast<int>(group_k(s)));
    const bool by_blocks = config.at("gb") > 0 && config.at("order") == 0;
    take_turns(
        conv.algorithm, s, config,
        by_blocks ? Halide::LoopLevel(out, loops.others) : Halide::LoopLevel(out, loops.item));
  } else {
    acc.bound_extent(acc.args()[0], static_cast<int>(config.at("lanes") * config.at("kt")));
  }
  keep_load(conv.algorithm, out, loops.item, task, target, config.at("stage"));
  return finish(conv.algorithm, binding);
}

}  // namespace

Space conv_grouped_space() {
  return {"grouped", 2, serves, axes, legal, initial, packing, apply, nullptr, cycles};
}

}  // namespace tenfold::schedules
