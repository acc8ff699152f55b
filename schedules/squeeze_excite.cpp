// "squeeze": the gate of a Squeeze-and-Excitation block. The map's channels are summed as a global
// pool's are, a pixel's vectors at a time; both layers then run as products of one row with packed
// weights, the first for a few outputs with several sums each, to hide the latency of an addition.
//
//   lanes, vectors    a tile of channels that are summed together
//   parts             rows of the map are cut into parts that threads take
//   reduce, chains    vectors of the first layer's blocks of outputs, and sums that each is cut
//   into expand            vectors of the second layer's blocks rows              blocks of a layer
//   that a thread takes at once; 0: one thread does all
#include <algorithm>

#include "dsl/op.h"
#include "dsl/stage.h"
#include "schedules/finish_halide.h"
#include "schedules/loops_halide.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

bool serves(const Task& task, const Target& target) {
  return target.device == DeviceKind::cpu && task.op == "squeeze_excite";
}

struct Shape {
  int64_t height, pixels, channels, reduced, outputs;
};

Shape shape_of(const Task& task) {
  const Dims& in = task.inputs[0].dims;
  return {in[1], in[1] * in[2], in[3], task.attrs.get_int("reduced", 1), task.outputs[0].dims[3]};
}

int64_t blocks(int64_t extent, int64_t width) {
  return (extent + width - 1) / width;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  Axis parts{"parts", {1}};
  for (int64_t p = 2; p <= 16 && p * 2 <= s.height; p *= 2) parts.values.push_back(p);
  return {lanes_axis(s.channels, target),
          Axis{"vectors", {1, 2, 3, 4, 6, 8, 12}},
          parts,
          Axis{"reduce", {1, 2, 3, 4, 6, 8}},
          Axis{"chains", {1, 2, 4, 8}},
          Axis{"expand", {1, 2, 3, 4, 6, 8}},
          rows_axis(blocks(s.outputs, 8))};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const Shape s = shape_of(task);
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  const int64_t lanes = config.at("lanes"), vectors = config.at("vectors"),
                reduce = config.at("reduce"), chains = config.at("chains"),
                expand = config.at("expand");
  if (vectors > 1 && lanes * vectors > s.channels) return illegal("more vectors than a pixel has");
  // A vector that is guarded in every lane is stored all the same (see split_vectors).
  if (blocks(s.channels, lanes) % vectors != 0)
    return illegal("a tile has whole vectors past the channels' end");
  if (reduce > 1 && (reduce - 1) * target.lanes >= s.reduced)
    return illegal("more vectors than the first layer has outputs");
  if (expand > 1 && (expand - 1) * target.lanes >= s.outputs)
    return illegal("more vectors than the second layer has outputs");
  if (reduce * chains + 2 > target.registers) return illegal("the first layer's sums must spill");
  if (s.channels % chains != 0) return illegal("chains must divide the channels");
  if (config.at("rows") > 0 && config.at("rows") * 2 > blocks(s.outputs, expand * target.lanes))
    return illegal("fewer rows than two threads take");
  return {};
}

Config initial(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  const int64_t lanes = good_lanes(s.channels, target);
  Config config{"squeeze",
                {{"lanes", lanes},
                 {"vectors", 1},
                 {"parts", 1},
                 {"reduce", 1},
                 {"chains", 1},
                 {"expand", 1},
                 {"rows", 0}}};
  const auto widest = [&](const char* axis, int64_t most, auto suits) {
    for (const int64_t value : {2, 3, 4, 6, 8, 12}) {
      Config tried = config;
      tried.values[axis] = value;
      if (value <= most && suits(value) && legal(task, target, tried)) config = tried;
    }
  };
  const auto fills = [&](int64_t extent) {
    return [=, &target](int64_t v) { return blocks(extent, target.lanes) % v == 0; };
  };
  const auto any = [](int64_t) { return true; };
  widest("vectors", 12, [&](int64_t v) { return s.channels % (lanes * v) == 0; });
  widest("reduce", 8, fills(s.reduced));
  widest("expand", 8, fills(s.outputs));
  // Eight sums in flight.
  for (const int64_t chains : {2, 4, 8}) {
    Config tried = config;
    tried.values["chains"] = chains;
    if (chains * config.at("reduce") <= 8 && legal(task, target, tried)) config = tried;
  }
  if (elements_touched(task) > 131072) widest("parts", at_most(axes(task, target)[2], 4), any);
  const auto work = static_cast<double>(s.reduced * s.outputs);
  config.values["rows"] = good_rows(blocks(s.outputs, config.at("expand") * target.lanes), work);
  return config;
}

std::vector<Packing> packing(const Task& task, const Target& target, const Config& config) {
  std::vector<Packing> packings = plain_packings(task);
  const auto pack_layer = [&](Packing& packing, int64_t width) {
    const Dims& dims = packing.source;
    packing.axes = distinct_axes(
        {{0, width, blocks(dims[0], width)}, {1, 1, dims[1]}, {0, 1, width}, {2, 1, 1}, {3, 1, 1}});
  };
  pack_layer(packings[0], config.at("reduce") * target.lanes);
  const size_t second =
      1 + (task.inner.empty() ? 0 : static_cast<size_t>(dsl::param_count(task.inner[0])));
  pack_layer(packings[second], config.at("expand") * target.lanes);
  return packings;
}

struct Layer {
  int64_t extent;
  int lanes, vectors, chains, rows;
};

/// parallel runs of blocks: [sums of a block = 0; for k: for chains: sums += ...; store]
void order_layer(Func out, Func acc, const Layer& layer) {
  const Var n = out.args()[0];
  Var block("block"), ni("ni"), vi("vi");
  split_vectors(out, n, block, ni, vi, layer.extent, layer.lanes, layer.vectors,
                TailStrategy::GuardWithIf);
  if (layer.rows > 0) {
    Var outer("outer");
    out.split(block, outer, block, layer.rows, TailStrategy::GuardWithIf).parallel(outer);
  }
  sum_in_registers(acc, out, block,
                   {.k = acc.rvars(0)[0],
                    .lanes = layer.lanes,
                    .vectors = layer.vectors,
                    .chains = layer.chains});
}

/// for y: for tile: for x: [a tile of channels]; with parts, each thread for some of the rows, and
/// then their sum.
void order_sums(Func sums, const Shape& s, const Config& config, const Func& out,
                const Var& where) {
  const int lanes = static_cast<int>(config.at("lanes")),
            width = lanes * static_cast<int>(config.at("vectors"));
  const Var c = sums.args()[0];
  struct Tile {
    Var v{"v"}, u{"u"};
  };
  const auto tiled = [&](Halide::Stage stage) {
    Tile t;
    stage.split(c, c, t.u, width, TailStrategy::Predicate)
        .split(t.u, t.u, t.v, lanes)
        .vectorize(t.v)
        .unroll(t.u);
    return t;
  };
  const RVar x = sums.rvars(0)[0], y = sums.rvars(0)[1];
  const int parts = static_cast<int>(config.at("parts"));
  sums.compute_at(out, where);
  const Tile zero = tiled(sums);
  sums.reorder(zero.v, zero.u, c);
  if (parts == 1) {
    const Tile t = tiled(sums.update());
    sums.update().reorder(t.v, t.u, x, c, y);
    return;
  }
  RVar yo("yo"), yi("yi");
  Var part("part");
  sums.update().split(y, yo, yi, static_cast<int>(blocks(s.height, parts)),
                      TailStrategy::GuardWithIf);
  Func partial = sums.update().rfactor(yo, part);
  partial.compute_at(out, where).parallel(part);
  const Tile first = tiled(partial);
  partial.reorder(first.v, first.u, c, part);
  const Tile t = tiled(partial.update());
  partial.update().reorder(t.v, t.u, x, c, yi, part).parallel(part);
  const Tile last = tiled(sums.update());
  sums.update().reorder(last.v, last.u, yo, c);
}

/// for image: the channels' sums; the first layer; the second layer
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  const Shape s = shape_of(task);
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const int lanes = static_cast<int>(target.lanes);
  Func out = algorithm.funcs.at("out"), reduced = algorithm.funcs.at("reduced");
  const Var image = out.args()[3];
  // A first layer of few blocks is one thread's; both have about the same number of products.
  const int rows = axis("rows") > 0 && blocks(s.reduced, lanes * axis("reduce")) > 1 ? 1 : 0;
  order_layer(out, algorithm.funcs.at("acc"), {s.outputs, lanes, axis("expand"), 1, axis("rows")});
  reduced.compute_at(out, image);
  order_layer(reduced, algorithm.funcs.at("reduce"),
              {s.reduced, lanes, axis("reduce"), axis("chains"), rows});
  order_sums(algorithm.funcs.at("sums"), s, config, out, image);
  return finish(algorithm, binding);
}

}  // namespace

Space squeeze_excite_space() {
  return {"squeeze", 1, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
