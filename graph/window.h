// The geometry of a sliding window as ONNX states it: kernel, strides, dilations, pads and auto_pad
// of any spatial rank.
#pragma once
#include <vector>

#include "graph/onnx_op.h"

namespace tenfold::graph {

struct Window {
  std::vector<int64_t> kernel, stride, dilation, begin, end;  // one a spatial dim
  int64_t span(size_t i) const { return dilation[i] * (kernel[i] - 1) + 1; }
};

/// Reads the node's attributes for spatial extents `in`; auto_pad becomes pads as for a forward
/// window (a transposed one passes resolve_auto_pad = false). Errors: broken for wrong lengths,
/// zero strides, negative pads, anything over 2^20.
Result<Window> read_window(const OpView& op, const std::vector<int64_t>& kernel,
                           const std::vector<int64_t>& in, bool resolve_auto_pad = true);

/// How often the window fits. Errors: broken when it does not fit once.
Result<std::vector<int64_t>> window_extents(const Window& window, const std::vector<int64_t>& in,
                                            bool ceil_mode);

/// kernel_h ... pad_right of a window of spatial rank 1 (as a row: height 1) or 2.
Lowering::Attrs window_attrs(const Window& window);

/// Dims {N, C, L} or {N, C, H, W} as {N, C, H, W}.
Dims as_image(const Dims& dims);

}  // namespace tenfold::graph
