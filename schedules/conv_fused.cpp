// "fused_rows": depthwise + pointwise, and expand + depthwise + project, a few output rows at a
// time. What stands between the convolutions never leaves the cache: threads take strips of the
// image, and within a strip the expanded rows roll on, so that each is made once.
#include <algorithm>
#include <limits>

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

struct Shape : ConvShape {
  bool expands;
  int64_t expanded;  // channels of the depthwise convolution
  int64_t in_height, in_width;
  int64_t between_params;  // index of the depthwise weights among the constants
};

bool serves(const Task& task, const Target& target) {
  return target.device == DeviceKind::cpu &&
         (task.op == "depthwise_pointwise" || task.op == "inverted_residual");
}

Shape shape_of(const Task& task) {
  Shape s{conv_shape(task),       task.op == "inverted_residual", 0,
          task.inputs[0].dims[1], task.inputs[0].dims[2],         0};
  s.expanded = s.expands ? task.attrs.get_int("expanded", 1) : s.c;
  const std::vector<dsl::Param> params = dsl::params(task);
  while (params[s.between_params].name != "depthwise_weights") ++s.between_params;
  return s;
}

// Vectors of the expanded map: the input of a depthwise convolution is read as it lies, so a vector
// must not be wider than it.
int64_t middle_lanes(const Shape& s, const Target& target) {
  int64_t lanes = good_lanes(s.expanded, target);
  while (!s.expands && lanes > s.expanded) lanes /= 2;
  return lanes;
}

// A cut group would be made whole, and its last rows thrown away.
std::vector<int64_t> row_counts(int64_t height) {
  std::vector<int64_t> counts;
  for (int64_t rows = 1; rows <= std::min<int64_t>(height, 64); ++rows)
    if (height % rows == 0) counts.push_back(rows);
  return counts;
}

// 0 is all of them.
std::vector<int64_t> channel_blocks(const Shape& s, int64_t lanes) {
  std::vector<int64_t> blocks{0};
  for (const int64_t block : {16, 24, 32, 48, 64, 96, 128, 192, 256})
    if (s.expanded % block == 0 && block < s.expanded && block % lanes == 0)
      blocks.push_back(block);
  return blocks;
}

std::vector<int64_t> strip_counts(int64_t height) {
  std::vector<int64_t> counts{0};
  for (int64_t strip = 1; strip <= height / 2; ++strip)
    if (height % strip == 0) counts.push_back(strip);
  return counts;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  const int64_t lanes = middle_lanes(s, target);
  const std::vector<int64_t> pixels{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14};
  std::vector<int64_t> along;
  for (const int64_t count : pixels)
    if (count <= s.width) along.push_back(count);
  std::vector<int64_t> expand_along{1}, expand_vectors{1};
  if (s.expands) {
    expand_along.clear();
    for (const int64_t count : pixels)
      if (count <= s.in_width) expand_along.push_back(count);
    expand_vectors = up_to({1, 2, 3, 4}, divide_up(s.expanded, lanes));
  }
  Axis depthwise_block{"db", {0}};
  for (const int64_t block : {2, 4, 8, 16})
    if (block * lanes < s.expanded) depthwise_block.values.push_back(block);
  return {
      {"rows", row_counts(s.height)},     // rows of output made at once
      {"strip", strip_counts(s.height)},  // such groups that a thread takes; 0: an image
      {"eb", channel_blocks(s, lanes)},   // expanded channels kept at once; 0: all
      {"et", expand_vectors},             // vectors of a tile of the expanding convolution
      {"ext", expand_along},              // and its pixels along x
      {"eorder", s.expands ? std::vector<int64_t>{0, 1}
                           : std::vector<int64_t>{0}},    // its vectors are 0: outside its rows,
                                                          // 1: inside a tile's loop over x
      {"dxt", up_to({1, 2, 3, 4, 5, 6, 7, 8}, s.width)},  // pixels of a depthwise tile along x
      {"dyt", up_to({1, 2, 3, 4}, s.height)},             // and along y
      depthwise_block,                                    // vectors inside its loop over x; 0: all
      {"lanes", up_to({4, 8, 16}, target.lanes)},         // of a vector of output channels
      {"kt", up_to({1, 2, 3, 4, 5, 6, 7, 8}, std::max<int64_t>(1, divide_up(s.k, 4)))},
      {"xt", along},      // vectors and pixels of an output tile
      {"order", {0, 1}},  // blocks of output channels are 0: outside a group's
                          // tiles, 1: inside
      {"stage", task.prologue.empty() && s.expands ? std::vector<int64_t>{stage_none}
                                                   : stage_axis(task).values},
  };
}

/// Rows that the windows of `rows` output rows reach.
int64_t window_rows(const Shape& s, int64_t rows) {
  return (rows - 1) * s.window.stride_h + (s.window.kernel_h - 1) * s.window.dilation_h + 1;
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "fused_rows: " + rule};
}

int64_t groups_of(const Shape& s, const Config& config) {
  return s.height / config.at("rows");
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const Shape s = shape_of(task);
  const int64_t rows = config.at("rows"), eb = config.at("eb"), dyt = config.at("dyt"),
                lanes = middle_lanes(s, target);
  const auto tile = [&](int64_t vectors, int64_t pixels) { return vectors * pixels + 2; };
  if (tile(config.at("kt"), config.at("xt")) > target.registers ||
      tile(config.at("et"), config.at("ext")) > target.registers ||
      tile(dyt, config.at("dxt")) > target.registers)
    return illegal("a register tile spills");
  if (divide_up(s.k, config.at("lanes")) < config.at("kt"))
    return illegal("the tile has more vectors than the output");
  if (rows % dyt != 0) return illegal("rows of a depthwise tile divide the group");
  if (s.window.kernel_h * s.window.kernel_w * dyt * config.at("dxt") > 512 &&
      dyt * config.at("dxt") > 1)
    return illegal("the unrolled body is too long");
  if (config.at("strip") > 0 && (config.at("strip") >= groups_of(s, config) ||
                                 groups_of(s, config) % config.at("strip") != 0))
    return illegal("strips divide the image");
  const bool one_group = config.at("strip") == 1 || groups_of(s, config) == 1;
  if (s.expands && eb > 0 && !one_group)
    return illegal("blocks of channels are made anew in each group");
  if (eb > 0 && eb % (lanes * config.at("et")) != 0)
    return illegal("the expanding tile reaches into another block");
  if (config.at("db") > 0 && eb > 0 && config.at("db") * lanes >= eb)
    return illegal("there are no other channels");
  return {};
}

// Cycles of one channel of a tile of a pointwise convolution: two products and two loads a cycle,
// a latency of four, and the loop around it.
double tile_cycles(int64_t vectors, int64_t pixels, const Target& target) {
  const double products = static_cast<double>(vectors * pixels),
               loads = static_cast<double>(vectors + pixels);
  const double cycles = std::max({4.0, products / 2, loads / 2}) + 0.2;
  return vectors * pixels + vectors + 1 > target.registers ? 2 * cycles : cycles;
}

// Of a row of `width` pixels by `vectors` vectors.
double row_cycles(int64_t width, int64_t vectors, int64_t xt, int64_t kt, const Target& target) {
  double cycles = 0;
  for (const auto& [x_count, x_size] :
       {std::pair{width / xt, xt}, {width % xt ? 1 : 0, width % xt}})
    for (const auto& [k_count, k_size] :
         {std::pair{vectors / kt, kt}, {vectors % kt ? 1 : 0, vectors % kt}})
      if (x_count * k_count > 0)
        cycles += static_cast<double>(x_count * k_count) * tile_cycles(k_size, x_size, target);
  return cycles;
}

void choose_tile(Config& config, const std::vector<Axis>& all, int64_t width, int64_t channels,
                 const char* lanes_name, int64_t fixed_lanes, const char* vectors_name,
                 const char* pixels_name, const Target& target) {
  const auto values = [&](const char* name) {
    return std::find_if(all.begin(), all.end(), [&](const Axis& a) { return a.name == name; })
        ->values;
  };
  double best = std::numeric_limits<double>::max();
  for (const int64_t lanes : lanes_name ? values(lanes_name) : std::vector<int64_t>{fixed_lanes})
    for (const int64_t vectors : values(vectors_name))
      for (const int64_t pixels : values(pixels_name)) {
        if (vectors * pixels + 2 > target.registers || divide_up(channels, lanes) < vectors)
          continue;
        const double cycles =
            row_cycles(width, divide_up(channels, lanes), pixels, vectors, target);
        if (cycles >= best) continue;
        best = cycles;
        if (lanes_name) config.values[lanes_name] = lanes;
        config.values[vectors_name] = vectors;
        config.values[pixels_name] = pixels;
      }
}

Config initial(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  const std::vector<Axis> all = axes(task, target);
  Config config{"fused_rows", {}};
  for (const Axis& axis : all) config.values[axis.name] = axis.values[0];
  choose_tile(config, all, s.width, s.k, "lanes", 0, "kt", "xt", target);
  if (s.expands)
    choose_tile(config, all, s.in_width, s.expanded, nullptr, middle_lanes(s, target), "et", "ext",
                target);
  // Half of the registers hold sums, the others inputs that several taps use.
  config.values["dyt"] = s.height % 2 == 0 ? 2 : 1;
  int64_t dxt = 1;
  for (const int64_t pixels : up_to({2, 3, 4, 7, 8}, s.width))
    if (pixels * config.at("dyt") <= target.registers / 2 && (s.width % pixels == 0 || pixels <= 4))
      dxt = pixels;
  while (dxt > 1 && s.window.kernel_h * s.window.kernel_w * config.at("dyt") * dxt > 512) --dxt;
  config.values["dxt"] = dxt;
  // Rows enough for the weights to be read seldom, few enough for them to stay in half of L2.
  const int64_t step = config.at("dyt");
  const auto bytes = [&](int64_t rows) {
    const int64_t expanded = s.expands ? window_rows(s, rows) * s.in_width * s.expanded : 0;
    return 4 * (expanded + rows * s.width * s.expanded);
  };
  int64_t best = 0;
  for (const int64_t rows : all[0].values)
    if (rows % step == 0 && (best == 0 || bytes(rows) <= target.l2_bytes / 2)) best = rows;
  config.values["rows"] = best;
  // Strips for a few threads. Each makes the rows again that its first window shares with the strip
  // before: no more than a twentieth of all, or two strips.
  const int64_t groups = groups_of(s, config);
  const int64_t shared = s.expands ? window_rows(s, 1) - s.window.stride_h : 0;
  for (int64_t strip = 1; strip < groups && config.at("strip") == 0; ++strip) {
    const int64_t strips = groups / strip;
    if (groups % strip == 0 && strips <= 16 && (strips == 2 || strips * shared * 20 <= s.in_height))
      config.values["strip"] = strip;
  }
  config.values["order"] = 0;
  return config;
}

std::vector<Packing> packing(const Task& task, const Target& target, const Config& config) {
  const Shape s = shape_of(task);
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

void order_output(Func out, const Shape& s, const Config& config, const Names& v) {
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const Var k = out.args()[0], x = out.args()[1], y = out.args()[2], n = out.args()[3];
  split_vectors(out, k, v.ko, v.kv, v.ki, s.k, axis("lanes"), axis("kt"), TailStrategy::Predicate);
  const int groups = static_cast<int>(groups_of(s, config));
  out.split(x, v.xo, v.xi, axis("xt"), TailStrategy::GuardWithIf)
      .unroll(v.xi)
      .split(y, v.group, v.row, axis("rows"), TailStrategy::RoundUp)
      .split(v.group, v.strip, v.group, axis("strip") ? axis("strip") : groups,
             TailStrategy::RoundUp);
  if (axis("order") == 1)
    out.reorder(v.ki, v.kv, v.xi, v.ko, v.xo, v.row, v.group, v.strip, n);
  else
    out.reorder(v.ki, v.kv, v.xi, v.xo, v.row, v.ko, v.group, v.strip, n);
  out.fuse(v.strip, n, v.item).parallel(v.item);
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
void order_depthwise(Func between, Func sums, const Shape& s, const Config& config, int lanes) {
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
  const Shape s = shape_of(task);
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
    const bool rolls = config.at("strip") != 1 && groups_of(s, config) > 1;
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
  return {"fused_rows", 1, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
