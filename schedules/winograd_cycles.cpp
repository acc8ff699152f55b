#include "schedules/winograd_cycles.h"

#include "dsl/window.h"
#include "schedules/conv_loops.h"
#include "schedules/conv_tiles.h"
#include "schedules/loops.h"

namespace tenfold::schedules {

WinogradShape winograd_shape(const Task& task, int64_t my, int64_t mx) {
  const dsl::Window window = dsl::window_of(task.attrs);
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  const int64_t each_h = window.kernel_h > 1 ? my : 1, each_w = window.kernel_w > 1 ? mx : 1,
                groups = task.attrs.get_int("groups", 1);
  const bool transposed = task.op == "conv_transpose2d";
  const int64_t tile_h = transposed ? each_h * window.stride_h : each_h,
                tile_w = transposed ? each_w * window.stride_w : each_w;
  return {each_h,
          each_w,
          tile_h,
          tile_w,
          divide_up(divide_up(out[1], window.dilation_h), tile_h),
          divide_up(divide_up(out[2], window.dilation_w), tile_w),
          (each_h - 1) * window.stride_h + window.kernel_h,
          (each_w - 1) * window.stride_w + window.kernel_w,
          window.dilation_h * window.dilation_w,
          groups,
          in[3] / groups,
          out[3] / groups};
}

int64_t block_width(const WinogradShape& shape, int64_t bx) {
  return bx > 0 ? bx : shape.tiles_x;
}

int64_t block_bytes(const WinogradShape& shape, int64_t tiles, int64_t groups) {
  return tiles * shape.phases * shape.points() * 4 * groups * (shape.group_c + shape.group_k);
}

/// From what a Zen 3 does: two products and two loads a cycle with a latency of four; 6.5 cycles a
/// plane to transform a vector of the input and 4 to transform one of the output, and where a
/// block's planes lie beyond L2, another 32 bytes in each direction. Weights come at 24 bytes a
/// cycle from L2, 12 from L3 and 5 from memory, where those of a network lie when it comes to them;
/// they are asked for ahead, and so come while there is work. The 81 planes of 4x4 outputs at
/// stride 2 lie on more pages than a core knows at once, and beyond L2 cost three times as much (64
/// -> 128 at 56x56 on a Granite Rapids core). For the phases of dilated convolutions, 256 -> 256
/// and 128 -> 128 at 14x14 to 65x65, a vector of a tile was seen to take 2300 cycles more at rate
/// 2, 22000 to 54000 at rate 6.
double winograd_cycles(const Task& task, const WinogradShape& g, const Target& target,
                       const WinogradLoops& loops) {
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const int64_t width = block_width(g, loops.bx), tiles = width * loops.by;
  const int64_t c = loops.groups * g.group_c, k = loops.groups * g.group_k,
                k_blocks =
                    loops.groups * divide_up(divide_up(g.group_k, loops.lanes), loops.vectors);
  const double blocks =
      real(divide_up(g.tiles_x, width) * divide_up(g.tiles_y, loops.by) * task.outputs[0].dims[0]);
  const auto rate = [&](double bytes) {
    return bytes <= real(target.l2_bytes) / 2   ? 24.0
           : bytes <= real(target.l3_bytes) / 2 ? 12.0
                                                : memory_bytes_per_cycle;
  };

  // Of equal ones the tile that loads less. Three loads a cycle of what is half a unit wide, and
  // transforms in three quarters of the time.
  const bool narrow = loops.lanes < target.unit_lanes;
  const double load = narrow ? 0.34 : 0.5;
  const double step = tile_cycles(target, loops.lanes, loops.vectors, loops.tiles, load) + 0.2 +
                      real(loops.vectors + loops.tiles) / 50;
  const double products = real(g.phases * g.points() * divide_up(tiles, loops.tiles) * k_blocks) *
                          (real(g.group_c) * step + 1.5 * real(loops.vectors * loops.tiles) + 10);
  const double weights = real(g.points() * g.group_c * k_blocks * loops.vectors * loops.lanes * 4);
  const double again = weights / rate(weights);
  // The outputs of a phase are told apart at run time.
  const double output = 4 * real(g.points()) + (g.phases > 1 ? 600 * real(g.phases) : 0);
  const double transforms = (narrow ? 0.75 : unit_cycles(target, loops.lanes)) *
                            real(tiles * g.phases) *
                            (6.5 * real(g.points() * divide_up(c, target.lanes)) +
                             output * real(divide_up(k, loops.lanes)));
  const double block = real(block_bytes(g, tiles, loops.groups));
  // Groups that are taken one by one leave their pixels' lines to the next: these want L2 too.
  const double most = real(target.l2_bytes) / (loops.groups < g.groups ? 4 : 2);
  const double beyond_l2 = g.points() > 64                      ? 4  // bytes a cycle
                           : block <= real(target.l2_bytes) * 4 ? 12
                                                                : 5;
  const double traffic = block <= most ? 0 : block / beyond_l2;
  const double pieces =
      loops.groups < g.groups
          ? far_piece_cycles(task, target, loops.groups * std::min(g.group_c, g.group_k))
          : 0;
  return pieces +
         real(g.groups / loops.groups) * (together(products, weights / memory_bytes_per_cycle) +
                                          (blocks - 1) * (std::max(products, again) + again / 4) +
                                          blocks * (transforms + traffic));
}

}  // namespace tenfold::schedules
