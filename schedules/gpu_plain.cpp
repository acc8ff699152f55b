// "gpu_plain": every operator on an OpenCL or CUDA device, one kernel each and no memory beside its
// operands. A thread computes a few outputs with its sums in registers; an operator on whole lines
// (softmax, normalisation) gives each line to one thread. Right for everything, tuned for nothing.
//
//   threads  of a block along the output's densest dimension: neighbours read and write neighbours
//   depth    threads of a block along the next dimension
//   tile     outputs of a thread along that dimension, which share what they load; where an
//   operator has sums
#include <algorithm>

#include "dsl/op.h"
#include "dsl/transpose_side.h"
#include "schedules/finish_halide.h"
#include "schedules/line_dims.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

constexpr int64_t most_threads = 256;  // of a block, on every device that is served

bool serves(const Task&, const Target& target) {
  return target.device != DeviceKind::cpu;
}

bool has_tile(const Task& task) {
  static const char* const ops[] = {"conv2d",     "gemm",       "matmul",
                                    "max_pool2d", "avg_pool2d", "lp_pool2d"};
  return std::find(std::begin(ops), std::end(ops), task.op) != std::end(ops);
}

// The dimensions that threads run over: all of the output's, but for lines that a thread keeps to
// itself.
LoopOrder thread_order(const Task& task) {
  LoopOrder order = loop_order(task.outputs[0]);
  if (!works_on_lines(task) || !keeps_dims(task)) return order;
  LoopOrder kept;
  for (size_t i = 0; i < order.dims.size(); ++i)
    if (!is_reduced(task, order.dims[i])) {
      kept.dims.push_back(order.dims[i]);
      kept.extents.push_back(order.extents[i]);
    }
  return kept;
}

std::vector<Axis> axes(const Task& task, const Target&) {
  const LoopOrder order = thread_order(task);
  Axis depth{"depth", {1}};
  for (int64_t d = 2; d <= 8 && d <= order.extent(1); d *= 2) depth.values.push_back(d);
  return {Axis{"threads", {8, 16, 32, 64, 128, 256}}, depth,
          divisor_axis("tile", has_tile(task) ? order.extent(1) : 1, 8)};
}

Status legal(const Task& task, const Target&, const Config& config) {
  const auto illegal = [](const char* rule) { return Error{ErrorCode::invalid_argument, rule}; };
  if (config.at("threads") * config.at("depth") > most_threads)
    return illegal("more threads than a block has");
  if (config.at("tile") * config.at("depth") > std::max<int64_t>(thread_order(task).extent(1), 1))
    return illegal("a block deeper than the output");
  return {};
}

Config initial(const Task& task, const Target& target) {
  const LoopOrder order = thread_order(task);
  const std::vector<Axis> all = axes(task, target);
  Config config{"gpu_plain", {{"threads", 8}, {"depth", 1}, {"tile", at_most(all[2], 4)}}};
  while (config.at("threads") < std::min<int64_t>(order.extent(0), 128))
    config.values["threads"] *= 2;
  for (const int64_t depth : all[1].values) {
    Config deeper = config;
    deeper.values["depth"] = depth;
    if (legal(task, target, deeper) && depth * config.at("threads") <= 128) config = deeper;
  }
  return config;
}

// Weights with the output channels innermost: neighbouring threads read neighbours.
std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  std::vector<Packing> packings = plain_packings(task);
  const std::vector<int> order = task.op == "conv2d" || task.op == "deform_conv2d"
                                     ? std::vector<int>{2, 3, 1, 0}
                                 : task.op == "conv_transpose2d" ? std::vector<int>{2, 3, 0, 1}
                                 : task.op == "gemm"             ? std::vector<int>{1, 0}
                                                                 : std::vector<int>{};
  if (order.empty()) return packings;
  packings[0].axes.clear();
  for (const int dim : order) packings[0].axes.push_back({dim, 1, packings[0].source[dim]});
  return packings;
}

/// for blocks: for threads: [what a thread keeps: inner]. Returns the innermost loop over threads.
Var order_threads(Func out, const LoopOrder& order, const Config& config,
                  const std::vector<VarOrRVar>& inner) {
  const std::vector<Var> at = out.args();
  const auto is_inner = [&](const Var& v) {
    return std::any_of(inner.begin(), inner.end(),
                       [&](const VarOrRVar& i) { return i.name() == v.name(); });
  };
  std::vector<Var> blocks, threads;
  std::vector<VarOrRVar> loops = inner;
  const auto split = [&](const Var& v, const char* name, int size) {
    Var thread(name);
    out.split(v, v, thread, size, TailStrategy::GuardWithIf);
    threads.push_back(thread);
    blocks.push_back(v);
  };
  if (!order.dims.empty())
    split(at[order.dims[0]], "thread", static_cast<int>(config.at("threads")));
  if (order.dims.size() > 1) split(at[order.dims[1]], "deep", static_cast<int>(config.at("depth")));
  for (size_t i = 2; i < order.dims.size(); ++i) blocks.push_back(at[order.dims[i]]);
  for (size_t j = 0; j < at.size(); ++j)  // extents of 1
    if (!is_inner(at[j]) &&
        std::find(order.dims.begin(), order.dims.end(), static_cast<int>(j)) == order.dims.end())
      blocks.push_back(at[j]);
  if (blocks.empty()) {  // one thread keeps everything: some loop of extent 1 stands for it
    const Var last(loops.back().name());
    Var all("all");
    out.split(last, all, last, 1 << 30, TailStrategy::GuardWithIf);
    blocks.push_back(all);
  }
  if (threads.empty()) {
    Var thread("thread");
    out.split(blocks[0], blocks[0], thread, 1);
    threads.push_back(thread);
  }
  for (const Var& v : threads) loops.emplace_back(v);
  for (const Var& v : blocks) loops.emplace_back(v);
  out.reorder(loops);
  for (size_t i = 1; i < blocks.size(); ++i) out.fuse(blocks[0], blocks[i], blocks[0]);
  out.gpu_blocks(blocks[0]);
  for (const Var& v : threads) out.gpu_threads(v);
  return threads[0];
}

/// A Func that a thread keeps to itself.
void keep(Func f, const Func& out, const Var& thread, const Halide::RDom& reduction) {
  f.compute_at(out, thread);
  std::vector<VarOrRVar> loops;
  for (const Var& v : f.args()) loops.emplace_back(v);
  for (int d = 0; d < reduction.dimensions(); ++d) loops.emplace_back(reduction[d]);
  f.update().reorder(loops);
}

/// A Func of its own kernel, a thread an element: what threads of many elements would all compute.
void compute_apart(Func f, const Halide::RDom& reduction, int threads) {
  f.compute_root();
  for (Halide::Stage stage : {Halide::Stage(f), f.update()}) {
    Var all("all"), block("block"), thread("thread");
    const std::vector<Var> at = f.args();
    std::vector<VarOrRVar> loops;
    if (stage.name() != f.name())
      for (int d = 0; d < reduction.dimensions(); ++d) loops.emplace_back(reduction[d]);
    for (const Var& v : at) loops.emplace_back(v);
    stage.reorder(loops);
    for (size_t i = 1; i < at.size(); ++i) stage.fuse(at[0], at[i], at[0]);
    stage.split(at[0], block, thread, threads, TailStrategy::GuardWithIf)
        .gpu_blocks(block)
        .gpu_threads(thread);
  }
}

Scheduled apply(const Task& task, const Target& target, const Config& config) {
  const dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  const LoopOrder order = thread_order(task);
  Func out = algorithm.funcs.at("out");
  const std::vector<Var> at = out.args();

  std::vector<VarOrRVar> inner;
  Var tile("tile");
  if (has_tile(task) && order.dims.size() > 1) {
    const Var along = at[order.dims[1]];
    out.split(along, along, tile, static_cast<int>(config.at("tile")), TailStrategy::GuardWithIf)
        .unroll(tile);
    inner.emplace_back(tile);
  }
  if (works_on_lines(task) && keeps_dims(task))
    for (size_t j = 0; j < at.size(); ++j)
      if (is_reduced(task, static_cast<int>(j))) inner.emplace_back(at[j]);
  Var place_x("place_x"), place_y("place_y");
  if (task.op == "conv_transpose2d") {  // a thread keeps all places within a stride
    out.split(at[1], at[1], place_x, static_cast<int>(dsl::transpose_width(task).stride),
              TailStrategy::GuardWithIf)
        .split(at[2], at[2], place_y, static_cast<int>(dsl::transpose_height(task).stride),
               TailStrategy::GuardWithIf);
    inner.insert(inner.end(), {place_x, place_y});
  }
  const Var thread = order_threads(out, order, config, inner);

  for (const char* name : {"acc", "place", "max", "sum", "squares"}) {
    const auto found = algorithm.funcs.find(name);
    if (found == algorithm.funcs.end()) continue;
    Func f = found->second;
    if (task.op == "group_norm") {
      compute_apart(f, algorithm.reduction, static_cast<int>(config.at("threads")));
      continue;
    }
    keep(f, out, thread, algorithm.reduction);
    if (has_tile(task) && order.dims.size() > 1) {
      const Var along = f.args()[order.dims[1]];
      f.bound_extent(along, static_cast<int>(config.at("tile")))
          .unroll(along)
          .update()
          .unroll(along);
    }
    if (task.op == "conv_transpose2d") {
      const auto size = [](int64_t stride) { return static_cast<int>(stride); };
      const Var px = f.args()[3], py = f.args()[4];
      f.bound_extent(px, size(dsl::transpose_width(task).stride))
          .bound_extent(py, size(dsl::transpose_height(task).stride));
    }
  }
  return finish(algorithm, binding);
}

}  // namespace

Space gpu_plain_space() {
  return {"gpu_plain", 1, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
