// "rows": every operator whose outputs each come from a few inputs: element-wise chains, copies,
// padding, resizing, window pools, normalisation across neighbouring channels. Bound by memory:
// vectors along the densest dimension, rows over threads.
#include "dsl/op.h"
#include "dsl/resize_side.h"
#include "schedules/finish_halide.h"
#include "schedules/loops_halide.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

bool serves(const Task& task, const Target& target) {
  static const char* const ops[] = {"map",       "pad",      "gather",     "gather_channels",
                                    "transpose", "resize2d", "max_pool2d", "avg_pool2d",
                                    "lp_pool2d", "lrn"};
  return target.device == DeviceKind::cpu &&
         std::find(std::begin(ops), std::end(ops), task.op) != std::end(ops);
}

// Operators with a reduction inside: how many terms it has.
int64_t taps(const Task& task) {
  if (task.op == "lrn") return task.attrs.get_int("size", 5);
  return task.op.ends_with("pool2d")
             ? task.attrs.get_int("kernel_h", 1) * task.attrs.get_int("kernel_w", 1)
             : 0;
}

// Channels after which a shuffle repeats itself, one further in each group; 0 for other operators.
int64_t shuffle_period(const Task& task) {
  return task.op == "gather_channels" ? task.attrs.get_int("groups", 1) : 0;
}

// Whether a vector's elements come from anywhere, along the dimension of its lanes.
bool gathers_lanes(const Task& task, const LoopOrder& order) {
  const int rank = static_cast<int>(task.outputs[0].dims.size());
  return task.op == "gather" && order.dims[0] == rank - 1 - task.attrs.get_int("axis", 0);
}

// The output's dimension, counted from the innermost, along which the input's elements lie side by
// side; -1 where none does or the operator moves them.
int input_dense_dim(const Task& task) {
  const View& in = task.inputs[0];
  const int rank = static_cast<int>(in.dims.size());
  if (task.op != "map" && task.op != "transpose") return -1;
  for (int dim = 0; dim < rank; ++dim) {
    if (in.strides[dim] != 1 || in.dims[dim] == 1) continue;
    if (task.op == "map") return in.dims == task.outputs[0].dims ? rank - 1 - dim : -1;
    for (int to = 0; to < rank; ++to)
      if (task.attrs.get_int("perm" + std::to_string(to), to) == dim) return rank - 1 - to;
  }
  return -1;
}

// Of a copy between orders, the input's line is used up by the tile's next dimension: 56x56 with 64
// channels into NCHW 0.18 ms plane by plane, 0.043 so.
LoopOrder order_of(const Task& task) {
  LoopOrder order = loop_order(task.outputs[0]);
  const auto at = std::find(order.dims.begin(), order.dims.end(), input_dense_dim(task));
  if (at == order.dims.end() || at - order.dims.begin() < 2) return order;
  const auto place = at - order.dims.begin();
  std::rotate(order.dims.begin() + 1, at, at + 1);
  std::rotate(order.extents.begin() + 1, order.extents.begin() + place,
              order.extents.begin() + place + 1);
  return order;
}

// A resize whose vectors run along x gathers its inputs one by one. Where rows are used by several
// outputs, they are resized along x first, once for each plane: 32x32 with 21 channels by 8 into
// NCHW 3.7 ms without, 0.47 so.
bool keeps_across(const Task& task, const LoopOrder& order) {
  const bool planes = order.dims.size() > 1 && order.dims[0] == 1 && order.dims[1] == 2;
  return task.op == "resize2d" && task.attrs.get_int("mode", 0) != 0 && planes &&
         task.outputs[0].dims[1] >= task.inputs[0].dims[1];
}

// A reflection is read backwards: of a masked vector Halide 21 takes the lanes before the input's
// first element for an error of its own, where it knows the place.
Tail tail(const Task& task) {
  const bool reflects = task.op == "pad" && task.attrs.get_int("mode", 0) == 1;
  return taps(task) > 0 || reflects ? Tail::shift : Tail::mask;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  std::vector<Axis> all = loop_axes(order_of(task), target);
  if (const int64_t period = shuffle_period(task)) {
    std::vector<int64_t>& vectors = all[1].values;
    for (const int64_t count : {period, 2 * period})
      if (count <= 32 && std::find(vectors.begin(), vectors.end(), count) == vectors.end())
        vectors.push_back(count);
    std::sort(vectors.begin(), vectors.end());
  }
  // Unrolled taps share loads between the pixels of a tile; long windows would only grow code.
  if (taps(task) > 0)
    all.push_back(
        {"unroll", taps(task) <= 32 ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{0}});
  return all;
}

Status legal(const Task& task, const Target&, const Config& config) {
  // Halide 21 makes of loads three floats apart one that begins before the input.
  if (task.op == "lrn" && order_of(task).dims[0] != 0 && config.at("lanes") > 1)
    return Error{ErrorCode::invalid_argument, "rows: vectors across channels that neighbour sums"};
  return legal_loops(task, order_of(task), config, tail(task));
}

Config initial(const Task& task, const Target& target) {
  const LoopOrder order = order_of(task);
  const double work =
      elements_touched(task) + static_cast<double>(taps(task) * *volume(task.outputs[0].dims)) / 2;
  Config config{"rows", good_loops(task, order, target, tail(task), work, 4)};
  if (task.op == "resize2d" && order.dims.size() > 1 && order.dims[1] == 1) {
    // One tile holds all phases of x: their weights are constants and their loads the same.
    const int64_t phases = dsl::resize_side(task, 2)->phases();
    const Axis tile = divisor_axis("tile", order.extent(1), 8);
    if (std::find(tile.values.begin(), tile.values.end(), phases) != tile.values.end()) {
      config.values["tile"] = phases;
      config.values["vectors"] = 1;
    }
  }
  // Over a whole period indices are constants, which the compiler turns into shuffles; of two and
  // four groups Halide does. 28x28 with 3 groups: 0.13 ms in vectors of 16, 0.034 so.
  const int64_t period = shuffle_period(task), extent = order.extent(0);
  if (order.dims[0] == 0 && period > 2 && period != 4 &&
      2 * period <= std::min<int64_t>(extent, 64)) {
    config.values["lanes"] = 2 * period <= 8 ? 1 : 2;
    config.values["vectors"] = 2 * period <= 8 ? 2 * period : period;
    config.values["tile"] = 1;
  }
  // An index serves the pixels of a tile from a register. 28x28 with 128 channels: 0.057 ms in
  // vectors of 16, 0.021 so.
  if (gathers_lanes(task, order)) {
    const std::vector<Axis> all = axes(task, target);
    config.values["lanes"] = 1;
    config.values["vectors"] = at_most(all[1], 4);
    config.values["tile"] = at_most(all[2], 4);
  }
  // A vector of a copy between orders is put together lane by lane. 56x56 with 64 channels out of
  // NCHW: 0.058 ms in vectors of 16, 0.046 of 8.
  if (const int dense = input_dense_dim(task); dense >= 0 && dense != order.dims[0]) {
    config.values["lanes"] = std::min<int64_t>(8, config.at("lanes"));
    config.values["vectors"] = 1;
    config.values["tile"] = at_most(axes(task, target)[2], 8);
  }
  if (taps(task) > 0) config.values["unroll"] = taps(task) <= 9 ? 1 : 0;
  // Normalisation across fewer channels than a vector has.
  if (!legal(task, target, config)) config.values["lanes"] = config.values["vectors"] = 1;
  return config;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  return plain_packings(task);
}

/// order_rows; a window's sum in the registers of a tile.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  const LoopOrder order = order_of(task);
  Halide::Func out = algorithm.funcs.at("out");
  const RowLoops loops = order_rows(out, order, config, tail(task));
  if (keeps_across(task, order)) {
    Halide::Func across = algorithm.funcs.at("across");
    across.compute_at(out, loops.row)
        .vectorize(across.args()[1], static_cast<int>(config.at("lanes")));
  }
  if (const auto acc = algorithm.funcs.find("acc"); acc != algorithm.funcs.end()) {
    acc->second.compute_at(out, loops.block);
    order_tile(acc->second, algorithm.reduction, order, config, config.at("unroll") == 1);
  }
  return finish(algorithm, binding);
}

}  // namespace

Space rows_space() {
  return {"rows", 5, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
