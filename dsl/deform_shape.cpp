#include "dsl/deform_shape_halide.h"
#include "dsl/frame_halide.h"

namespace tenfold::dsl {
namespace {

int whole(int64_t value) {
  return static_cast<int>(value);
}

/// A coordinate between two pixels of a side.
struct Between {
  Halide::Expr low, high, low_weight, high_weight;
};

Between between(const Halide::Expr& base, const Halide::Expr& offset, int extent) {
  // Beyond one pixel outside both are: clamping there keeps the integers small and changes nothing.
  const Halide::Expr at =
      clamp(Halide::cast<float>(base) + offset, -1.0f, static_cast<float>(extent));
  const Halide::Expr floor = Halide::floor(at), low = Halide::cast<int>(floor), part = at - floor;
  const auto inside = [&](const Halide::Expr& pixel, const Halide::Expr& weight) {
    return select(pixel >= 0 && pixel < extent, weight, 0.0f);
  };
  return {clamp(low, 0, extent - 1), clamp(low + 1, 0, extent - 1), inside(low, 1.0f - part),
          inside(low + 1, part)};
}

}  // namespace

bool has_deform_mask(const Task& task) {
  bool claimed = false;
  for (const std::vector<Stage>* chain : {&task.prologue, &task.epilogue})
    for (const Stage& stage : *chain) claimed = claimed || stage.input == 2;
  return task.inputs.size() > 2 && !claimed;
}

DeformShape deform_shape(const Task& task) {
  const Attrs& attrs = task.attrs;
  const Window w = window_of(attrs);
  const int64_t groups = attrs.get_int("groups", 1),
                offset_groups = attrs.get_int("offset_groups", 1);
  const int64_t channels = task.inputs[0].dims[3];
  return {w,
          groups,
          offset_groups,
          channels / groups,
          task.outputs[0].dims[3] / groups,
          channels / offset_groups,
          w.kernel_h * w.kernel_w,
          has_deform_mask(task)};
}

Corners corners_at(const Task& task, const Binding& binding, const Halide::Expr& tap,
                   const Halide::Expr& offset_group, const Halide::Expr& x, const Halide::Expr& y,
                   const Halide::Expr& n) {
  const DeformShape s = deform_shape(task);
  const Dims& in = task.inputs[0].dims;
  const int kernel_w = whole(s.w.kernel_w);
  const Halide::Expr moved = s.offset_groups == 1 ? tap : offset_group * whole(s.taps) + tap;
  const Between row = between(y * whole(s.w.stride_h) - whole(s.w.pad_top) +
                                  tap / kernel_w * whole(s.w.dilation_h),
                              binding.inputs[1](2 * moved, x, y, n), whole(in[1])),
                column = between(x * whole(s.w.stride_w) - whole(s.w.pad_left) +
                                     tap % kernel_w * whole(s.w.dilation_w),
                                 binding.inputs[1](2 * moved + 1, x, y, n), whole(in[2]));
  Halide::Expr low = row.low_weight, high = row.high_weight;
  if (s.masked) {
    const Halide::Expr mask = binding.inputs[2](moved, x, y, n);
    low = low * mask;
    high = high * mask;
  }
  return {column.low,
          column.high,
          row.low,
          row.high,
          low * column.low_weight,
          low * column.high_weight,
          high * column.low_weight,
          high * column.high_weight};
}

Halide::Expr sampled_at(const Task& task, const Binding& binding, const Corners& at,
                        const Halide::Expr& c, const Halide::Expr& n) {
  const auto pixel = [&](const Halide::Expr& x, const Halide::Expr& y) {
    return anchor_input(task, binding, {c, x, y, n});
  };
  return at.w00 * pixel(at.x0, at.y0) + at.w01 * pixel(at.x1, at.y0) +
         at.w10 * pixel(at.x0, at.y1) + at.w11 * pixel(at.x1, at.y1);
}

}  // namespace tenfold::dsl
