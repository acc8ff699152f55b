#include "dsl/winograd_side.h"

#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

struct Side {
  int64_t kernel, stride, dilation, before;
};

WinogradSide winograd_side(const Task& task, const Side& s, int tile) {
  const int kernel = static_cast<int>(s.kernel), stride = static_cast<int>(s.stride),
            before = static_cast<int>(s.before);
  if (task.op == "conv_transpose2d") {
    const int each = tile / stride;
    WinogradTransposed transposed = winograd_transposed(each, kernel, stride, before);
    return {std::move(transposed.transforms), each, transposed.first};
  }
  return {winograd_transforms(tile, kernel, stride), tile * stride, -before,
          static_cast<int>(s.dilation)};
}

}  // namespace

WinogradSide winograd_height(const Task& task, int tile) {
  const Window w = window_of(task.attrs);
  return winograd_side(task, {w.kernel_h, w.stride_h, w.dilation_h, w.pad_top}, tile);
}

WinogradSide winograd_width(const Task& task, int tile) {
  const Window w = window_of(task.attrs);
  return winograd_side(task, {w.kernel_w, w.stride_w, w.dilation_w, w.pad_left}, tile);
}

}  // namespace tenfold::dsl
