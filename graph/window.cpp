#include "graph/window.h"

#include <algorithm>

namespace tenfold::graph {
namespace {

constexpr int64_t most = int64_t{1} << 20;

Status check_range(const char* name, const std::vector<int64_t>& values, size_t count,
                   int64_t least) {
  if (values.size() != count)
    return broken(std::string(name) + " has " + std::to_string(values.size()) + " numbers, not " +
                  std::to_string(count));
  for (int64_t value : values)
    if (value < least || value > most)
      return broken(std::string(name) + " holds " + std::to_string(value));
  return {};
}

}  // namespace

Result<Window> read_window(const OpView& op, const std::vector<int64_t>& kernel,
                           const std::vector<int64_t>& in, bool resolve_auto_pad) {
  const size_t rank = in.size();
  const std::vector<int64_t> ones(rank, 1);
  Window window{op.node().attr_ints("kernel_shape", kernel),
                op.node().attr_ints("strides", ones),
                op.node().attr_ints("dilations", ones),
                {},
                {}};
  std::vector<int64_t> pads = op.node().attr_ints("pads", std::vector<int64_t>(2 * rank, 0));
  TENFOLD_CHECK(check_range("kernel_shape", window.kernel, rank, 1));
  TENFOLD_CHECK(check_range("strides", window.stride, rank, 1));
  TENFOLD_CHECK(check_range("dilations", window.dilation, rank, 1));
  const std::string auto_pad = op.node().attr_string("auto_pad", "NOTSET");
  if (auto_pad == "NOTSET" || auto_pad.empty()) {
    TENFOLD_CHECK(check_range("pads", pads, 2 * rank, 0));
  } else if (auto_pad == "VALID" || auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    pads.assign(2 * rank, 0);
    for (size_t i = 0; resolve_auto_pad && auto_pad != "VALID" && i < rank; ++i) {
      const int64_t out = (in[i] + window.stride[i] - 1) / window.stride[i];
      const int64_t total =
          std::max<int64_t>((out - 1) * window.stride[i] + window.span(i) - in[i], 0);
      pads[i] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      pads[rank + i] = total - pads[i];
    }
  } else {
    return broken("auto_pad is '" + auto_pad + "'");
  }
  window.begin.assign(pads.begin(), pads.begin() + static_cast<int64_t>(rank));
  window.end.assign(pads.begin() + static_cast<int64_t>(rank), pads.end());
  return window;
}

Result<std::vector<int64_t>> window_extents(const Window& window, const std::vector<int64_t>& in,
                                            bool ceil_mode) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < in.size(); ++i) {
    const int64_t room = in[i] + window.begin[i] + window.end[i] - window.span(i),
                  stride = window.stride[i];
    if (room < 0)
      return broken("a window of " + std::to_string(window.span(i)) + " does not fit into " +
                    std::to_string(in[i]) + " with its pads");
    int64_t extent = (ceil_mode ? room + stride - 1 : room) / stride + 1;
    if (ceil_mode && (extent - 1) * stride >= in[i] + window.begin[i])
      --extent;  // it would begin in the end pads
    out.push_back(extent);
  }
  return out;
}

Lowering::Attrs window_attrs(const Window& window) {
  const size_t rank = window.kernel.size();
  const auto at = [rank](const std::vector<int64_t>& list, size_t dim, int64_t otherwise) {
    return rank == 2 ? list[dim] : dim == 1 ? list[0] : otherwise;
  };
  return {{"kernel_h", at(window.kernel, 0, 1)},     {"kernel_w", at(window.kernel, 1, 1)},
          {"stride_h", at(window.stride, 0, 1)},     {"stride_w", at(window.stride, 1, 1)},
          {"dilation_h", at(window.dilation, 0, 1)}, {"dilation_w", at(window.dilation, 1, 1)},
          {"pad_top", at(window.begin, 0, 0)},       {"pad_left", at(window.begin, 1, 0)},
          {"pad_bottom", at(window.end, 0, 0)},      {"pad_right", at(window.end, 1, 0)}};
}

Dims as_image(const Dims& dims) {
  Dims image = dims;
  if (image.size() == 3) image.insert(image.begin() + 2, 1);
  return image;
}

}  // namespace tenfold::graph
