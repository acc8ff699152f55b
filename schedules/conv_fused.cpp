// "fused_rows": depthwise + pointwise, and expand + depthwise + project, a few output rows at a
// time. What stands between the convolutions never leaves the cache: threads take strips of the
// image, and within a strip the expanded rows roll on, so that each is made once.
#include "schedules/conv_fused.h"

#include "dsl/op.h"
#include "schedules/conv_loops_halide.h"
#include "schedules/finish_halide.h"
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
  return target.device == DeviceKind::cpu &&
         (task.op == "depthwise_pointwise" || task.op == "inverted_residual");
}

std::vector<Packing> packing(const Task& task, const Target& target, const Config& config) {
  const FusedShape s = fused_shape(task);
  const int64_t lanes = middle_lanes(s, target), width = lanes * config.at("et"),
                block = config.at("lanes") * config.at("kt");
  // What a vector of the expanding convolution reads past the last channel is zero.
  const int64_t padded = s.expands ? divide_up(s.expanded, width) * width : s.expanded;
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task)) packings.push_back(plain_packing(param.dims));
  size_t at = 0;
  if (s.expands) {
    packings[0].axes = {{0, width, padded / width}, {1, 1, s.c}, {0, 1, width}};
    at = 1;
  }
  for (;; ++at) {
    const Dims& dims = packings[at].source;
    if (dims.size() == 4 && dims[1] != 1) break;
    if (dims.size() == 4 && at > static_cast<size_t>(s.between_params)) break;
    if (dims.size() == 4)  // {E, 1, R, S} to {R, S, E}
      packings[at].axes = {{2, 1, dims[2]}, {3, 1, dims[3]}, {0, 1, padded}};
    else
      packings[at].axes = {{0, 1, padded}};
  }
  const Dims& weights = packings[at].source;  // {K, E, 1, 1} to {block of K, E, K in block}
  packings[at].axes =
      distinct_axes({{0, block, divide_up(weights[0], block)}, {1, 1, weights[1]}, {0, 1, block}});
  return packings;
}

struct Names {
  Var ki{"ki"}, kv{"kv"}, ko{"ko"}, xi{"xi"}, xo{"xo"}, row{"row"}, group{"group"}, strip{"strip"},
      item{"item"};
};

void order_output(Func out, const FusedShape& s, const Config& config, const Names& v) {
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const Var k = out.args()[0], x = out.args()[1], y = out.args()[2], n = out.args()[3];
  split_vectors(out, k, v.ko, v.kv, v.ki, s.k, axis("lanes"), axis("kt"), TailStrategy::Predicate);
  const int groups = static_cast<int>(row_groups(s, config));
  out.split(x, v.xo, v.xi, axis("xt"), TailStrategy::GuardWithIf)
      .unroll(v.xi)
      .split(y, v.group, v.row, axis("rows"), TailStrategy::RoundUp)
      .split(v.group, v.strip, v.group, axis("strip") ? axis("strip") : groups,
             TailStrategy::GuardWithIf);
  if (axis("order") == 1)
    out.reorder(v.ki, v.kv, v.xi, v.ko, v.xo, v.row, v.group, v.strip, n);
  else
    out.reorder(v.ki, v.kv, v.xi, v.xo, v.row, v.ko, v.group, v.strip, n);
  // Cut off for the edges of the image, the first and the last strip would be tails, in which no
  // loop is cut further: their rows' short tiles would ask for each pixel.
  out.fuse(v.strip, n, v.item).parallel(v.item).partition(v.item, Halide::Partition::Never);
}

/// A register tile of sums over channels, all of it unrolled.
void order_tile(Func acc, int lanes, const RVar& channel) {
  const Var k = acc.args()[0], x = acc.args()[1];
  Var kv("kv"), ki("ki");
  acc.split(k, kv, ki, lanes).vectorize(ki).unroll(kv).unroll(x);
  acc.update()
      .split(k, kv, ki, lanes)
      .reorder(ki, kv, x, channel)
      .vectorize(ki)
      .unroll(kv)
      .unroll(x);
}

/// The sums of a group of rows in memory: each block of expanded channels is added to all of them.
void order_blocked(Func acc, const Config& config, const RVar& channel, const RVar& block) {
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const Var k = acc.args()[0], x = acc.args()[1], y = acc.args()[2], n = acc.args()[3];
  Var kv("kv"), ki("ki"), ko("ko"), xi("xi"), xo("xo");
  for (int i = 0; i < 2; ++i) {
    Halide::Stage stage = i == 0 ? Halide::Stage(acc) : acc.update();
    if (i == 1) stage.split(channel, block, channel, axis("eb"));
    stage.split(k, ko, ki, axis("lanes") * axis("kt"), TailStrategy::RoundUp)
        .split(ki, kv, ki, axis("lanes"))
        .split(x, xo, xi, axis("xt"), TailStrategy::GuardWithIf)
        .vectorize(ki)
        .unroll(kv)
        .unroll(xi);
    std::vector<VarOrRVar> order{ki, kv, xi};
    if (i == 1) order.emplace_back(channel);
    if (axis("order") == 1)
      order.insert(order.end(), {ko, xo, y, n});
    else
      order.insert(order.end(), {xo, y, ko, n});
    if (i == 1) order.emplace_back(block);
    stage.reorder(order);
  }
}

/// for blocks of vectors: for y by dyt, x by dxt: for a block's vectors: [sums; chain]
void order_depthwise(Func between, Func sums, const FusedShape& s, const Config& config,
                     int lanes) {
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const Var e = between.args()[0], x = between.args()[1], y = between.args()[2],
            n = between.args()[3];
  Var ei("ei"), eo("eo"), xi("xi"), xo("xo"), yi("yi"), yo("yo"), block("block");
  between.split(e, eo, ei, lanes, s.expands ? TailStrategy::RoundUp : TailStrategy::ShiftInwards)
      .split(x, xo, xi, axis("dxt"), TailStrategy::ShiftInwards)
      .split(y, yo, yi, axis("dyt"), TailStrategy::RoundUp)
      .vectorize(ei)
      .unroll(xi)
      .unroll(yi);
  if (axis("db") > 0) {
    between.split(eo, block, eo, axis("db"), TailStrategy::GuardWithIf)
        .reorder(ei, xi, yi, eo, xo, yo, block, n);
  } else {
    between.reorder(ei, xi, yi, eo, xo, yo, n);
  }
  const Var de = sums.args()[0], dx = sums.args()[1], dy = sums.args()[2];
  const std::vector<RVar> taps = sums.rvars(0);
  sums.compute_at(between, eo).bound_extent(de, lanes).vectorize(de).unroll(dx).unroll(dy);
  sums.update()
      .reorder(de, dx, dy, taps[0], taps[1])
      .vectorize(de)
      .unroll(dx)
      .unroll(dy)
      .unroll(taps[0])
      .unroll(taps[1]);
}

/// for blocks of vectors: for y: for x by ext: [sums over channels; chain]; eorder=1: for y, x: for
/// blocks
void order_expanded(Func expanded, Func sums, const Config& config, int lanes) {
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const Var e = expanded.args()[0], y = expanded.args()[2], n = expanded.args()[3];
  const int last = expanded.num_update_definitions() - 1, width = lanes * axis("et");
  for (int i = 0; i < last; ++i) {
    Var ei("ei");
    expanded.update(i).split(e, e, ei, width, TailStrategy::RoundUp).vectorize(ei, lanes);
    expanded.update(i).reorder(ei, e, expanded.rvars(i)[0], y, n);
  }
  Var ei("ei"), ev("ev"), eo("eo");
  RVar xi("xi"), xo("xo");
  Halide::Stage inside = expanded.update(last);
  inside.split(e, eo, ei, width, TailStrategy::RoundUp)
      .split(ei, ev, ei, lanes)
      .split(expanded.rvars(last)[0], xo, xi, axis("ext"), TailStrategy::GuardWithIf)
      .vectorize(ei)
      .unroll(ev)
      .unroll(xi);
  if (axis("eorder") == 1)
    inside.reorder(ei, ev, xi, eo, xo, y, n);
  else
    inside.reorder(ei, ev, xi, xo, y, eo, n);
  if (axis("eorder") == 1)
    sums.compute_at(expanded, eo);
  else
    sums.compute_at(expanded, xo);
  sums.bound_extent(sums.args()[0], width);
  order_tile(sums, lanes, sums.rvars(0)[0]);
}

/// parallel strips of images: for groups of `rows` output rows:
///   expanded = the rows that the group's windows reach and the one before did not, with their
///   zeros between = a depthwise tile at a time for blocks of k: for rows, x by xt: [sums over e,
///   in registers; out = chain(sums)]
/// order=1: the blocks of k are the innermost loop around a tile. eb>0: the three convolutions take
/// eb expanded channels at a time, and the sums of a group lie in memory between the blocks: a
/// strip is then one group. The last tiles of a row are cut.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  const FusedShape s = fused_shape(task);
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const int lanes = static_cast<int>(middle_lanes(s, target));
  Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc"),
       between = algorithm.funcs.at("between");
  const Names v;
  order_output(out, s, config, v);

  const RVar channel = algorithm.reduction[0];
  RVar block("block");
  const bool blocked = axis("eb") > 0;
  if (blocked) {
    acc.compute_at(out, v.group);
    order_blocked(acc, config, channel, block);
  } else {
    acc.bound_extent(acc.args()[0], axis("lanes") * axis("kt"));
    acc.compute_at(out, axis("order") ? v.ko : v.xo);
    order_tile(acc, axis("lanes"), channel);
  }

  if (blocked)
    between.compute_at(acc, block);
  else
    between.compute_at(out, v.group).hoist_storage(out, v.item);
  order_depthwise(between, algorithm.funcs.at("depthwise"), s, config, lanes);
  if (s.expands) {
    Func expanded = algorithm.funcs.at("expanded");
    const bool rolls = config.at("strip") != 1 && row_groups(s, config) > 1;
    if (blocked)
      expanded.compute_at(acc, block);
    else if (rolls)
      expanded.compute_at(out, v.group)
          .store_at(out, v.item)
          .fold_storage(expanded.args()[2], static_cast<int>(window_rows(s, axis("rows"))));
    else
      expanded.compute_at(out, v.group).hoist_storage(out, v.item);
    order_expanded(expanded, algorithm.funcs.at("expand"), config, lanes);
  }
  keep_load(algorithm, out, v.item, task, target, config.at("stage"));
  return finish(algorithm, binding);
}

}  // namespace

Space conv_fused_space() {
  return {"fused_rows", 3, serves, fused_axes, fused_legal, fused_initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules