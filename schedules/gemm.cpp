// "gemm": a fully connected layer as a register-tiled product with packed weights, and, for few
// rows, as weights streamed once past several accumulators. "gemv" is the same for a 1x1
// convolution of a 1x1 map (the two layers of a Squeeze-and-Excitation block): its batch are the
// rows.
//
//   lanes, vectors  a block of weights is lanes * vectors outputs wide: packed {N/block, K, block}
//   tile            rows of x that share a block's loads
//   chains          sums that a row's reduction is cut into, to hide the latency of an addition
//   apart           chains 0: take turns, 1: have a part of the reduction each, so that as many
//                   places in memory are read at once
//   rows            blocks that a thread takes at once; 0: one thread does all
#include <algorithm>
#include <numeric>

#include "dsl/op.h"
#include "schedules/conv_loops.h"
#include "schedules/finish_halide.h"
#include "schedules/loops_halide.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::RVar;
using Halide::TailStrategy;
using Halide::Var;

bool serves_gemm(const Task& task, const Target& target) {
  return task.op == "gemm" && target.device == DeviceKind::cpu;
}

bool serves_gemv(const Task& task, const Target& target) {
  const auto is_point = [](const View& v) { return v.dims[1] == 1 && v.dims[2] == 1; };
  return task.op == "conv2d" && target.device == DeviceKind::cpu && is_point(task.inputs[0]) &&
         is_point(task.outputs[0]) && task.attrs.get_int("groups", 1) == 1 &&
         task.attrs.get_int("kernel_h", 1) == 1 && task.attrs.get_int("kernel_w", 1) == 1;
}

struct Shape {
  int64_t m, n, k;
};

Shape shape_of(const Task& task) {
  return {task.outputs[0].dims[0], task.outputs[0].dims.back(), task.inputs[0].dims.back()};
}

int64_t blocks(const Shape& s, const Config& config) {
  const int64_t width = config.at("lanes") * config.at("vectors");
  return (s.n + width - 1) / width;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const Shape s = shape_of(task);
  return {lanes_axis(s.n, target),
          Axis{"vectors", {1, 2, 3, 4, 6, 8}},
          Axis{"tile", up_to({1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14}, s.m)},
          Axis{"chains", {1, 2, 4, 8}},
          Axis{"apart", {0, 1}},
          rows_axis((s.n + 7) / 8)};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const Shape s = shape_of(task);
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  const int64_t vectors = config.at("vectors"), tile = config.at("tile"),
                chains = config.at("chains");
  if (vectors > 1 && (vectors - 1) * config.at("lanes") >= s.n)
    return illegal("more vectors than outputs");
  // Accumulators, a block's loads and a broadcast stay in registers.
  if (vectors * tile * chains + std::min(vectors, tile) + 1 > target.registers)
    return illegal("the tile must spill");
  if (chains == 1 && config.at("apart") == 1) return illegal("one chain is not apart");
  if (s.k % chains != 0) return illegal("chains must divide the reduction");
  if (config.at("rows") > 0 && config.at("rows") * 2 > blocks(s, config))
    return illegal("fewer rows than two threads take");
  return {};
}

// Bytes of weights a cycle, from where they lie. Memory and L3 are slow when read in one place
// alone, or half a line at a time. Read off a Zen 3 core (3.2 GHz, memory of 20 GB/s): 67 MB in 4.3
// ms from one place, 3.2 from four; 16 MB in L3 in 0.56 and 0.37.
double weight_rate(double bytes, double places, double run_bytes, const Target& target) {
  if (bytes <= static_cast<double>(target.l2_bytes) / 2) return 24;
  const double best = bytes > static_cast<double>(target.l3_bytes) ? 6 : 13;
  return best * (places >= 4 ? 1 : places >= 2 ? 0.9 : 0.7) * (run_bytes >= 64 ? 1 : 0.85);
}

constexpr int64_t line = 64, sets = 64;  // of L1

int64_t ways(const Target& target) {
  return target.l1_bytes / line / sets;
}

// What reading `places` of x at once costs, each `apart` bytes after the one before: where they all
// share a few sets of L1, they displace each other. Seen with 4 rows of 4096 and 4 chains, which
// are 4 KiB apart: 3.8 cycles a product, and 2 chains stream the weights in half the time.
double set_conflicts(double places, int64_t apart, const Target& target) {
  if (apart % line != 0) return 1;
  const double used = static_cast<double>(sets / std::gcd(apart / line, sets)),
               most = static_cast<double>(ways(target)), of_a_set = places / std::min(places, used);
  return of_a_set > most ? 4 : of_a_set == most ? 1.3 : 1;
}

// Cycles of all blocks: the first tile of rows waits for its weights, others find them in L2 where
// a block fits. Two products a cycle, four cycles until a sum can be added to again, and not quite
// two loads a cycle; rows a multiple of 1 KiB apart share few sets of an L1 of 8 ways.
double all_cycles(const Task& task, const Config& config, const Target& target) {
  const Shape s = shape_of(task);
  const auto axis = [&](const char* name) { return static_cast<double>(config.at(name)); };
  const double vectors = axis("vectors"), chains = axis("chains"),
               run_bytes = 4 * axis("lanes") * vectors;
  const int64_t row_bytes = 4 * task.inputs[0].strides[0];
  const double each = unit_cycles(target, config.at("lanes"));
  const int64_t shares = config.at("apart") == 1 ? config.at("chains") : 1;
  const double depth = static_cast<double>(s.k), bytes = 4 * static_cast<double>(s.n) * depth;
  const double rate = weight_rate(bytes, axis("apart") > 0 ? chains : 1, run_bytes, target),
               again = run_bytes * depth <= static_cast<double>(target.l2_bytes) / 2 ? 20 : rate;
  // A tile whose weights come at so many bytes a cycle.
  const auto cycles_of_tile = [&](int64_t rows, double bytes_per_cycle) {
    const double products = vectors * static_cast<double>(rows) * chains;
    double step = std::max(
        {4.1, each * products / 2, (each * vectors + static_cast<double>(rows)) * chains * 0.57});
    if (rows > 4 && row_bytes % 1024 == 0 && ways(target) < 12) step *= 1.4;
    step *= set_conflicts(static_cast<double>(rows * shares), row_bytes / shares, target);
    return depth / chains * std::max(step, run_bytes * chains / bytes_per_cycle) + 20 +
           2 * products;
  };
  const int64_t tile = config.at("tile"), rest = s.m % tile;
  // Rows of x beyond L2 are read again for each block, and a quarter of that shows.
  const double x_bytes = 4 * static_cast<double>(s.m) * depth,
               reading = x_bytes > static_cast<double>(target.l2_bytes) / 2 ? x_bytes / 12 / 4 : 0;
  return static_cast<double>(blocks(s, config)) *
         (reading + cycles_of_tile(tile, rate) +
          static_cast<double>(s.m / tile - 1) * cycles_of_tile(tile, again) +
          (rest > 0 ? cycles_of_tile(rest, again) : 0));
}

Config initial(const Task& task, const Target& target, const char* name) {
  const Shape s = shape_of(task);
  const std::vector<Axis> all = axes(task, target);
  Config config{name,
                {{"lanes", all[0].values.back()},
                 {"vectors", 1},
                 {"tile", 1},
                 {"chains", 1},
                 {"apart", 0},
                 {"rows", 0}}};
  Config best = config;
  double least = all_cycles(task, config, target);
  for (const int64_t vectors : all[1].values)
    for (const int64_t tile : all[2].values)
      for (const int64_t chains : all[3].values)
        for (const int64_t apart : all[4].values) {
          config.values["vectors"] = vectors, config.values["tile"] = tile;
          config.values["chains"] = chains, config.values["apart"] = apart;
          if (!legal(task, target, config)) continue;
          const double cycles = all_cycles(task, config, target);
          if (cycles < least * 0.995) least = cycles, best = config;
        }
  const double work = static_cast<double>(s.n * s.k) * std::max(1.0, static_cast<double>(s.m) / 8);
  best.values["rows"] = good_rows(blocks(s, best), work);
  return best;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config& config) {
  const Shape s = shape_of(task);
  const int64_t width = config.at("lanes") * config.at("vectors");
  std::vector<Packing> packings = plain_packings(task);
  packings[0].axes = {{0, width, blocks(s, config)}, {1, 1, s.k}, {0, 1, width}};
  for (size_t d = 2; d < packings[0].source.size(); ++d)
    packings[0].axes.push_back({static_cast<int>(d), 1, 1});
  packings[0].axes = distinct_axes(packings[0].axes);
  return packings;
}

/// parallel runs of blocks: for tiles of rows: [sums of a block = 0; for k: for chains: sums +=
/// ...; store]
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc");
  const int lanes = static_cast<int>(config.at("lanes")),
            width = lanes * static_cast<int>(config.at("vectors"));
  const int tile = static_cast<int>(config.at("tile")),
            chains = static_cast<int>(config.at("chains"));
  const Var n = out.args()[0], m = out.args().back();
  Var block("block"), ni("ni"), vi("vi"), mi("mi");

  split_vectors(out, n, block, ni, vi, shape_of(task).n, lanes, width / lanes,
                TailStrategy::GuardWithIf);
  out.split(m, m, mi, tile, TailStrategy::GuardWithIf).reorder(vi, ni, mi, m, block).unroll(mi);
  // The last tile's rows are fewer: code of its own, so that its sums stay in registers, too.
  if (shape_of(task).m % tile != 0) out.partition(m, Halide::Partition::Always);
  if (const int run = static_cast<int>(config.at("rows"))) {
    Var outer("outer");
    out.split(block, outer, block, run, TailStrategy::GuardWithIf).parallel(outer);
  }

  sum_in_registers(
      acc, out, m,
      {.k = algorithm.reduction[0],
       .lanes = lanes,
       .vectors = width / lanes,
       .chains = chains,
       .run = config.at("apart") == 1 ? static_cast<int>(shape_of(task).k) / chains : 0,
       .rows = {acc.args().back()}});
  if (chains == 1)
    for (int d = 1; d < algorithm.reduction.dimensions(); ++d)
      acc.update().unroll(algorithm.reduction[d]);
  return finish(algorithm, binding);
}

}  // namespace

Space gemm_space() {
  return {"gemm",
          4,
          serves_gemm,
          axes,
          legal,
          [](const Task& task, const Target& target) { return initial(task, target, "gemm"); },
          packing,
          apply,
          nullptr};
}

Space gemv_space() {
  return {"gemv",
          4,
          serves_gemv,
          axes,
          legal,
          [](const Task& task, const Target& target) { return initial(task, target, "gemv"); },
          packing,
          apply,
          nullptr};
}

}  // namespace tenfold::schedules
