#include "dsl/window.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace tenfold::dsl {

namespace {

// Cut where a tap begins to lie in the image, and where it has left it.
std::vector<TapRun> tap_runs(int64_t extent, int64_t outputs, int64_t kernel, int64_t stride,
                             int64_t dilation, int64_t pad) {
  const auto first_beyond = [&](int64_t at) {  // the first output whose window begins at `at` or on
    return at <= 0 ? 0 : std::min((at - 1) / stride + 1, outputs);
  };
  std::map<int64_t, int64_t> changes{{0, 0}};  // of how many taps are read, from an output on
  for (int64_t tap = 0; tap < kernel; ++tap) {
    const int64_t begin = first_beyond(pad - tap * dilation),
                  end = first_beyond(pad - tap * dilation + extent);
    if (begin == end) continue;
    ++changes[begin];
    --changes[end];
  }
  std::vector<TapRun> runs;
  int64_t taps = 0;
  for (auto at = changes.begin(); at != changes.end() && at->first < outputs; ++at) {
    const auto next = std::next(at);
    const int64_t end = next == changes.end() ? outputs : next->first;
    taps += at->second;
    runs.push_back({at->first, end - at->first, taps});
  }
  return runs;
}

}  // namespace

std::vector<TapRun> tap_runs_down(const Task& task) {
  const Window w = window_of(task.attrs);
  return tap_runs(task.inputs[0].dims[1], task.outputs[0].dims[1], w.kernel_h, w.stride_h,
                  w.dilation_h, w.pad_top);
}

std::vector<TapRun> tap_runs_across(const Task& task) {
  const Window w = window_of(task.attrs);
  return tap_runs(task.inputs[0].dims[2], task.outputs[0].dims[2], w.kernel_w, w.stride_w,
                  w.dilation_w, w.pad_left);
}

Window window_of(const Attrs& attrs) {
  return {.kernel_h = attrs.get_int("kernel_h", 1),
          .kernel_w = attrs.get_int("kernel_w", 1),
          .stride_h = attrs.get_int("stride_h", 1),
          .stride_w = attrs.get_int("stride_w", 1),
          .dilation_h = attrs.get_int("dilation_h", 1),
          .dilation_w = attrs.get_int("dilation_w", 1),
          .pad_top = attrs.get_int("pad_top", 0),
          .pad_left = attrs.get_int("pad_left", 0),
          .pad_bottom = attrs.get_int("pad_bottom", 0),
          .pad_right = attrs.get_int("pad_right", 0)};
}

int64_t window_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation,
                      int64_t pad_before, int64_t pad_after) {
  const int64_t room = extent + pad_before + pad_after - dilation * (kernel - 1) - 1;
  return stride < 1 || room < 0 ? 0 : room / stride + 1;
}

Status check_window(const Task& task) {
  const auto invalid = [&](const std::string& rule) {
    return Error{ErrorCode::invalid_shape, task.op + ": " + rule};
  };
  const View& in = task.inputs[0];
  const View& out = task.outputs[0];
  if (in.dims.size() != 4 || out.dims.size() != 4)
    return invalid("input and output are feature maps {N, H, W, C}");
  if (in.type != DType::f32 || out.type != DType::f32) return invalid("input and output are f32");
  const Window w = window_of(task.attrs);
  constexpr int64_t limit = int64_t{1} << 20;
  if (std::min({w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}) < 1 ||
      std::max({w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}) >
          limit)
    return invalid("kernel, stride and dilation are positive");
  if (std::min({w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) < 0 ||
      std::max({w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) > limit)
    return invalid("pads are not negative");
  if (in.dims[0] != out.dims[0])
    return invalid("the output's batch " + std::to_string(out.dims[0]) + " is not the input's " +
                   std::to_string(in.dims[0]));
  const int64_t height =
      window_extent(in.dims[1], w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom);
  const int64_t width =
      window_extent(in.dims[2], w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right);
  if (height < 1 || width < 1) return invalid("the window does not fit the padded input");
  if (out.dims[1] != height || out.dims[2] != width)
    return invalid("the output is " + std::to_string(out.dims[1]) + "x" +
                   std::to_string(out.dims[2]) + ", the window makes it " + std::to_string(height) +
                   "x" + std::to_string(width));
  return {};
}

Halo window_reach(const Task& task) {
  const Window w = window_of(task.attrs);
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  const int64_t last_y = (out[1] - 1) * w.stride_h - w.pad_top + (w.kernel_h - 1) * w.dilation_h;
  const int64_t last_x = (out[2] - 1) * w.stride_w - w.pad_left + (w.kernel_w - 1) * w.dilation_w;
  return {.top = w.pad_top,
          .left = w.pad_left,
          .bottom = std::max<int64_t>(0, last_y - (in[1] - 1)),
          .right = std::max<int64_t>(0, last_x - (in[2] - 1))};
}

}  // namespace tenfold::dsl
