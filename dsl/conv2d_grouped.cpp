#include "dsl/conv2d_grouped_halide.h"
#include "dsl/op.h"
#include "dsl/shuffle_halide.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

struct Sizes {
  int groups, group_c, group_k, bundles, wide;
};

Sizes sizes_of(const Task& task, const GroupGrid& grid) {
  const int groups = static_cast<int>(task.attrs.get_int("groups", 1)),
            group_k = static_cast<int>(task.outputs[0].dims[3]) / groups;
  return {groups, static_cast<int>(task.inputs[0].dims[3]) / groups, group_k, groups / grid.share,
          group_k * grid.share};
}

}  // namespace

Packing grouped_weights(const Task& task, const GroupGrid& grid) {
  const Sizes s = sizes_of(task, grid);
  const Window w = window_of(task.attrs);
  Packing packing = plain_packing({s.groups * s.group_k, s.group_c, w.kernel_h, w.kernel_w});
  packing.axes = {{0, s.wide, s.bundles}, {0, grid.block, (s.wide + grid.block - 1) / grid.block},
                  {2, 1, w.kernel_h},     {1, 1, s.group_c},
                  {3, 1, w.kernel_w},     {0, 1, grid.block}};
  if (grid.turns) {
    packing.axes.back() = {0, 1, s.group_k};
    packing.axes.push_back({0, s.group_k, grid.share});
  }
  return packing;
}

GroupedConv grouped_conv2d(const Task& task, const Binding& binding, const GroupGrid& grid) {
  const Sizes size = sizes_of(task, grid);
  const Window w = window_of(task.attrs);
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  bool masked = false;
  Halide::Func load = padded_load(task, binding, window_reach(task), &masked);

  Halide::Var k("k"), c("c"), lane("lane"), bundle("bundle"), x("x"), y("y"), n("n");
  Halide::RDom taps({{0, size.group_c}, {0, whole(w.kernel_w)}, {0, whole(w.kernel_h)}}, "taps"),
      lanes({{0, size.wide}, {0, size.bundles}}, "lanes");
  const Halide::Expr in_x = x * whole(w.stride_w) + taps[1] * whole(w.dilation_w),
                     in_y = y * whole(w.stride_h) + taps[2] * whole(w.dilation_h);
  const int left = whole(w.pad_left), top = whole(w.pad_top);
  Halide::Func run("run"), acc("acc"), out("out"), order = channel_order(task);
  run(c, bundle, x, y, n) = load(
      source_channel(task, order, bundle * grid.share * size.group_c + c), x - left, y - top, n);
  const Halide::Expr channel =
      grid.share == 1 ? Halide::Expr(taps[0])
                      : Halide::min(lane / size.group_k, grid.share - 1) * size.group_c + taps[0];
  Halide::Var g("g");
  Halide::Func turned("turned");
  turned(g, c, bundle, x, y, n) = run(g * size.group_c + c, bundle, x, y, n);
  if (grid.turns) {
    acc(g, k, bundle, x, y, n) = 0.0f;
    acc(g, k, bundle, x, y, n) += turned(g, taps[0], bundle, in_x, in_y, n) *
                                  binding.params[0](g, k, taps[1], taps[0], taps[2], 0, bundle);
  } else {
    acc(lane, bundle, x, y, n) = 0.0f;
    acc(lane, bundle, x, y, n) +=
        run(channel, bundle, in_x, in_y, n) *
        binding.params[0](lane % grid.block, taps[1], taps[0], taps[2], lane / grid.block, bundle);
  }

  const Halide::Expr at = lanes[0] + lanes[1] * size.wide;
  const Halide::Expr sum =
      grid.turns ? acc(lanes[0] / size.group_k, lanes[0] % size.group_k, lanes[1], x, y, n)
                 : acc(lanes[0], lanes[1], x, y, n);
  out(k, x, y, n) = Halide::undef<float>();
  out(at, x, y, n) =
      apply_chain(task.epilogue, sum, {at, x, y, n}, task, binding, first_epilogue_param(task));
  constrain_output(out, task.outputs[0]);

  Algorithm algorithm{.funcs = {{"out", out}, {"acc", acc}}, .reduction = taps, .outputs = {out}};
  if (grid.share > 1) algorithm.funcs["run"] = run;
  if (grid.turns) algorithm.funcs["turned"] = turned;
  if (masked || !task.prologue.empty()) algorithm.funcs["load"] = load;
  if (order.defined()) algorithm.funcs["order"] = order;
  return {algorithm, lanes};
}

}  // namespace tenfold::dsl
