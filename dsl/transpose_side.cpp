#include "dsl/transpose_side.h"

#include <algorithm>
#include <numeric>

#include "dsl/window.h"

namespace tenfold::dsl {

int64_t TransposeSide::common() const {
  return std::gcd(stride, dilation);
}
int64_t TransposeSide::phases() const {
  return stride / common();
}
int64_t TransposeSide::taps_each() const {
  return (kernel + phases() - 1) / phases();
}
int64_t TransposeSide::step() const {
  return dilation / common();
}

int64_t TransposeSide::multiplier() const {
  for (int64_t m = 1; m < phases(); ++m)
    if (m * step() % phases() == 1) return m;
  return 1;
}

int64_t TransposeSide::first_tap(int64_t phase) const {
  return phase * multiplier() % phases();
}
int64_t TransposeSide::shift(int64_t phase) const {
  return (phase - first_tap(phase) * step()) / phases();
}

int64_t TransposeSide::wholes() const {
  return (out + stride - 1) / stride;
}

std::pair<int64_t, int64_t> TransposeSide::range() const {
  // Interval arithmetic, as the bounds of a vector are taken: a place's u, its phase and its tap
  // number vary on their own, and taps that a place does not take are counted too.
  const int64_t furthest_phase = phases() - 1;
  const int64_t least_shift =
      step() == 1 ? 0 : -((furthest_phase * step() + phases() - 1) / phases());
  const int64_t low = before / common() / phases() + least_shift - (taps_each() - 1) * step();
  const int64_t high = wholes() - 1 + (stride - 1 + before) / common() / phases();
  return {std::min<int64_t>(low, 0), std::max(high, in - 1)};
}

TransposeSide transpose_height(const Task& task) {
  const Window w = window_of(task.attrs);
  return {.in = task.inputs[0].dims[1],
          .out = task.outputs[0].dims[1],
          .kernel = w.kernel_h,
          .stride = w.stride_h,
          .dilation = w.dilation_h,
          .before = w.pad_top,
          .after = w.pad_bottom,
          .output_pad = task.attrs.get_int("output_pad_h", 0)};
}

TransposeSide transpose_width(const Task& task) {
  const Window w = window_of(task.attrs);
  return {.in = task.inputs[0].dims[2],
          .out = task.outputs[0].dims[2],
          .kernel = w.kernel_w,
          .stride = w.stride_w,
          .dilation = w.dilation_w,
          .before = w.pad_left,
          .after = w.pad_right,
          .output_pad = task.attrs.get_int("output_pad_w", 0)};
}

Halo transpose_reach(const Task& task) {
  const TransposeSide h = transpose_height(task), w = transpose_width(task);
  const auto [low_y, high_y] = h.range();
  const auto [low_x, high_x] = w.range();
  return {.top = -low_y, .left = -low_x, .bottom = high_y - h.in + 1, .right = high_x - w.in + 1};
}

}  // namespace tenfold::dsl
