// Window: the geometry that convolutions and pools share, read from a task's attributes.
#pragma once
#include <vector>

#include "base/task.h"

namespace tenfold::dsl {

struct Window {
  int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

/// Their names as attributes, with a space between two.
inline constexpr const char* window_attributes =
    "kernel_h kernel_w stride_h stride_w dilation_h dilation_w pad_top pad_left pad_bottom "
    "pad_right";

/// Attributes that are absent are 1, pads 0.
Window window_of(const Attrs& attrs);

/// floor((extent + pads - dilation*(kernel-1) - 1) / stride) + 1; 0 or less when the window does
/// not fit.
int64_t window_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation,
                      int64_t pad_before, int64_t pad_after);

/// Positive kernel, stride and dilation, no negative pads, windows that are not all padding, and an
/// output of the extents that follow. Views are {N, H, W, C}, float32; channels are the operator's
/// own matter. Errors: invalid_shape.
Status check_window(const Task& task);

/// Outputs side by side that read the same taps of a window's side: `taps` of them, the others lie
/// outside the image.
struct TapRun {
  int64_t first, count, taps;
};

/// Of one side of an operator with this window, all its outputs.
std::vector<TapRun> tap_runs_down(const Task& task);
std::vector<TapRun> tap_runs_across(const Task& task);

/// How far beyond inputs[0] the windows of outputs[0] read.
Halo window_reach(const Task& task);

}  // namespace tenfold::dsl
