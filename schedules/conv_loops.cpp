#include "schedules/conv_loops.h"

#include <algorithm>

namespace tenfold::schedules {

ConvShape conv_shape(const Task& task) {
  const Dims& out = task.outputs[0].dims;
  return {.window = dsl::window_of(task.attrs),
          .c = task.inputs[0].dims[3],
          .n = out[0],
          .height = out[1],
          .width = out[2],
          .k = out[3],
          .groups = task.attrs.get_int("groups", 1)};
}

int64_t divide_up(int64_t value, int64_t by) {
  return (value + by - 1) / by;
}

int64_t rows_read(const dsl::Window& window, int64_t rows) {
  return (rows - 1) * window.stride_h + (window.kernel_h - 1) * window.dilation_h + 1;
}

std::vector<int64_t> up_to(std::initializer_list<int64_t> values, int64_t most) {
  std::vector<int64_t> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept),
               [&](int64_t value) { return value <= most; });
  return kept;
}

std::vector<int64_t> conv_tile_vectors(const ConvShape& s) {
  return up_to({1, 2, 3, 4, 5, 6, 7, 8}, std::max<int64_t>(1, divide_up(s.k, 4)));
}

std::vector<int64_t> conv_tile_widths(const ConvShape& s) {
  return up_to({1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14}, s.n * s.height * s.width);
}

int64_t strip_tiles(const ConvShape& shape, int64_t xt, int64_t yt) {
  return shape.height > 1 ? divide_up(shape.height, yt) : divide_up(shape.width, xt);
}

Axis strip_axis(const ConvShape& shape) {
  Axis axis{"strip", {0}};
  for (const int64_t strip :
       {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64})
    if (strip < std::max(shape.height, divide_up(shape.width, 4))) axis.values.push_back(strip);
  return axis;
}

int64_t busiest(int64_t images, int64_t tiles, int64_t strip, int64_t threads) {
  if (tiles / strip > 1024) return divide_up(images * tiles, threads);
  std::vector<int64_t> taken(threads, 0);
  for (int64_t image = 0; image < images; ++image)
    for (int64_t at = 0; at < tiles; at += strip)
      *std::ranges::min_element(taken) += std::min(strip, tiles - at);
  return std::ranges::max(taken);
}

int64_t good_strip(const Task& task, const ConvShape& shape, int64_t xt, int64_t yt,
                   const Target& target) {
  const double row_bytes =
      4.0 * static_cast<double>(task.inputs[0].dims[2] * shape.c * shape.window.stride_h);
  const double tile_bytes =
      shape.height > 1 ? row_bytes * static_cast<double>(yt)
                       : row_bytes * static_cast<double>(xt) / static_cast<double>(shape.width);
  const int64_t tiles = strip_tiles(shape, xt, yt);
  const int64_t longest = divide_up(tiles, tiles >= 64 ? 8 : 4);
  const int64_t images = std::min<int64_t>(shape.n, 4);
  // Rows that a strip copies and the one before it too: a copied row costs a fifth of a made one.
  const dsl::Window& w = shape.window;
  const bool copies = shape.height > 1 && stage_axis(task).values[0] != stage_none;
  const int64_t shared =
      copies ? std::max<int64_t>((w.kernel_h - 1) * w.dilation_h + 1 - w.stride_h, 0) : 0;
  int64_t best = 0;
  double best_loads = 0;
  for (const int64_t strip : strip_axis(shape).values) {
    const double bytes = static_cast<double>(strip) * tile_bytes;
    if (strip == 0 || strip >= tiles || strip > longest ||
        (strip > 1 && bytes > static_cast<double>(target.l2_bytes) / 2))
      continue;
    const double copied =
        0.2 * static_cast<double>(shared) / static_cast<double>(strip * yt * w.stride_h);
    const double loads = (1 + copied) * static_cast<double>(busiest(images, tiles, strip, 2) +
                                                            2 * busiest(images, tiles, strip, 4));
    if (best != 0 && loads > best_loads) continue;
    best = strip;
    best_loads = loads;
  }
  return best;
}

Axis stage_axis(const Task& task) {
  const Halo reach = dsl::window_reach(task), halo = task.inputs[0].halo;
  const bool covered = halo.top >= reach.top && halo.left >= reach.left &&
                       halo.bottom >= reach.bottom && halo.right >= reach.right;
  if (covered && task.prologue.empty()) return {"stage", {stage_none}};
  return {"stage", {stage_strip, stage_root}};
}

}  // namespace tenfold::schedules
