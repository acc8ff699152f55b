#include "dsl/fuse_pixels.h"

#include <algorithm>
#include <vector>

#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

// Each output pixel has a run of input pixels to itself, and no input pixel is left out.
bool takes_runs(const Task& task) {
  if (task.op != "conv2d") return false;
  const Window w = window_of(task.attrs);
  return w.kernel_h == 1 && w.stride_h == 1 && w.kernel_w == w.stride_w &&
         (w.kernel_w == 1 || w.dilation_w == 1) &&
         w.pad_top + w.pad_left + w.pad_bottom + w.pad_right == 0 &&
         task.inputs[0].dims[2] == task.outputs[0].dims[2] * w.stride_w;
}

bool one_pixel(const View& view) {
  return view.dims[1] == 1 && view.dims[2] == 1;
}

// One pixel for all, or one for each: an operand of one row or one column broadcasts along a side
// that is lost when rows are one.
bool spans_pixels(const Task& task, const View& view) {
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  const auto covers = [&](const Dims& map) {
    return view.dims[1] == map[1] && view.dims[2] == map[2];
  };
  return one_pixel(view) || covers(out) || covers(in);
}

bool rows_follow(const View& view) {
  return one_pixel(view) || view.dims[1] == 1 || view.strides[1] == view.dims[2] * view.strides[2];
}

// After the rows are one.
bool images_follow(const View& view) {
  return view.strides[0] == view.dims[2] * view.strides[2];
}

template <class Change>
void each_view(Task& task, const Change& change) {
  std::for_each(task.inputs.begin(), task.inputs.end(), change);
  std::for_each(task.outputs.begin(), task.outputs.end(), change);
}

template <class Test>
bool every_view(const Task& task, const Test& test) {
  return std::all_of(task.inputs.begin(), task.inputs.end(), test) &&
         std::all_of(task.outputs.begin(), task.outputs.end(), test);
}

}  // namespace

Task with_fused_pixels(const Task& task) {
  const auto is_map = [](const View& view) { return view.dims.size() == 4; };
  if (!takes_runs(task) || !every_view(task, is_map) || !every_view(task, rows_follow)) return task;
  if (!every_view(task, [&](const View& view) { return spans_pixels(task, view); })) return task;
  Task fused = task;
  each_view(fused, [](View& view) {
    view.halo = {};
    view.strides[2] = view.dims[2] > 1 ? view.strides[2] : view.strides[1];
    view.dims[2] *= view.dims[1];
    view.dims[1] = 1;
    view.strides[1] = view.dims[2] * view.strides[2];
  });
  // An operand of one pixel broadcasts over what is one row now; over several images only when it
  // is one for all of them.
  const int64_t images = fused.outputs[0].dims[0];
  const auto follows = [&](const View& view) {
    return view.dims[0] == images ? images_follow(view) && !one_pixel(view) : one_pixel(view);
  };
  if (images > 1 && every_view(fused, follows))
    each_view(fused, [&](View& view) {
      if (view.dims[0] == 1) return;
      view.dims[2] *= images;
      view.dims[0] = 1;
      view.strides[0] = view.strides[1] = view.dims[2] * view.strides[2];
    });
  return fused;
}

}  // namespace tenfold::dsl
