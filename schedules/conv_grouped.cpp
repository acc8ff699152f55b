// "grouped": convolution of several groups. Narrow groups share a vector: its lanes are the output
// channels of several groups, and the input channels, loaded as they lie, are each spread over
// their group's lanes by one shuffle. Wider groups end in a masked vector of their own. The taps of
// a row are unrolled, so that one broadcast or shuffle serves all of them.
#include "schedules/conv_grouped.h"

#include "dsl/conv2d_grouped_halide.h"
#include "dsl/op.h"
#include "schedules/conv_loops_halide.h"
#include "schedules/finish_halide.h"
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

dsl::GroupGrid grid_of(const Config& config) {
  return {static_cast<int>(config.at("share")),
          static_cast<int>(config.at("lanes") * config.at("kt")), config.at("turns") == 1};
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
  return {"grouped",       2,       serves, grouped_axes, grouped_legal,
          grouped_initial, packing, apply,  nullptr,      grouped_cycles};
}

}  // namespace tenfold::schedules
