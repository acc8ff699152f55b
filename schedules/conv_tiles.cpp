#include "schedules/conv_tiles.h"

#include <algorithm>
#include <array>
#include <limits>

#include "dsl/window.h"
#include "schedules/loops.h"

namespace tenfold::schedules {
namespace {

/// One side of the window: how many of its taps some output in [first, last] reads from the image.
struct Side {
  int64_t kernel, stride, dilation, pad, extent;

  int64_t taps_met(int64_t first, int64_t last) const {
    int64_t met = 0;
    for (int64_t tap = 0; tap < kernel; ++tap)
      met +=
          last * stride + tap * dilation >= pad && first * stride + tap * dilation - pad < extent;
    return met;
  }
};

/// A dimension of the output cut into tiles: whole ones and a last one that is smaller.
struct Cut {
  struct Part {
    int64_t size = 0, count = 0, taps = 0;  // taps of all tiles together
  };
  std::array<Part, 2> parts;

  Cut(const std::vector<dsl::TapRun>& runs, int64_t tile) {
    Part& part = parts[0];
    part.size = tile;
    for (const dsl::TapRun& run : runs) {
      const int64_t count = divide_up(run.count, tile);
      part.count += count;
      part.taps += count * run.taps;
    }
  }

  Cut(int64_t extent, int64_t tile, const Side& side, bool skip) {
    for (int64_t first = 0; first < extent; first += tile) {
      const int64_t size = std::min(tile, extent - first);
      Part& part = parts[size < tile];
      part.size = size;
      ++part.count;
      part.taps += skip ? side.taps_met(first, first + size - 1) : side.kernel;
    }
  }
};

struct Sides {
  Side down, across;
};

Sides sides_of(const Task& task, const dsl::Window& w) {
  const Dims& in = task.inputs[0].dims;
  return {{w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, in[1]},
          {w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, in[2]}};
}

// Two loads of 64 bytes a cycle are more than L1 gives for long. One core of a Granite Rapids,
// 2026-11, 1x1 with 112 outputs on 196 pixels: tiles of one vector by 14 pixels reach 77 % of the
// peak, where 15 loads for 14 products would allow 93; tiles of two vectors 97 % with what the last
// one leaves empty.
double load_cycles(int64_t lanes) {
  return lanes >= 16 ? 0.6 : 0.5;
}

// Weights of a block of output channels that do not stay in L1 come from L2 for each tile, at some
// 20 bytes a cycle, or from L3 at some 18.
double step_cycles(const ConvTile& tile, int64_t pixels, double block_bytes, const Target& target) {
  const double step_bytes = 4.0 * static_cast<double>(tile.kt * tile.lanes);
  double cycles = tile_cycles(target, tile.lanes, tile.kt, pixels, load_cycles(tile.lanes));
  if (block_bytes > 0.75 * static_cast<double>(target.l2_bytes))
    cycles = std::max(cycles, step_bytes / 18);
  else if (block_bytes > static_cast<double>(target.l1_bytes) / 2)
    cycles = std::max(cycles, step_bytes / 20);
  // A tile that leaves no register for a second broadcast spills.
  return tile.kt * pixels + tile.kt + 1 > target.registers ? 2 * cycles : cycles;
}

bool reads(const std::vector<dsl::TapRun>& runs) {
  return std::any_of(runs.begin(), runs.end(), [](const dsl::TapRun& run) { return run.taps > 0; });
}

int64_t shortest(const std::vector<dsl::TapRun>& runs) {
  return std::min_element(runs.begin(), runs.end(),
                          [](const auto& a, const auto& b) { return a.count < b.count; })
      ->count;
}

// Whether a run's last tile begins inside the one before.
bool tiles_overlap(const std::vector<dsl::TapRun>& runs, int64_t tile) {
  return std::any_of(runs.begin(), runs.end(),
                     [&](const dsl::TapRun& run) { return run.count % tile != 0; });
}

}  // namespace

double weight_bytes(const ConvShape& s) {
  return 4.0 * static_cast<double>(s.k * s.c / s.groups * s.window.kernel_h * s.window.kernel_w);
}

int64_t channel_block_count(const ConvShape& s, const ConvTile& tile) {
  return divide_up(divide_up(s.k, tile.lanes), tile.kt);
}

double weights_again(double weights, double block_bytes, int64_t tiles, const Target& target) {
  constexpr double l2_bytes_per_cycle = 24;
  if (block_bytes <= static_cast<double>(target.l1_bytes)) return 0;
  return weights * static_cast<double>(tiles) / l2_bytes_per_cycle;
}

bool fits_registers(const ConvTile& tile, const Target& target) {
  return tile.kt * tile.xt * std::max<int64_t>(tile.yt, 1) * divide_up(tile.lanes, target.lanes) +
             2 <=
         target.registers;
}

bool reads_image(const Task& task) {
  return reads(dsl::tap_runs_across(task)) && reads(dsl::tap_runs_down(task));
}

bool fits_regions(const Task& task, int64_t xt, int64_t yt) {
  if (!task.prologue.empty() || task.attrs.get_int("groups", 1) > 1) return false;
  const std::vector<dsl::TapRun> across = dsl::tap_runs_across(task),
                                 down = dsl::tap_runs_down(task);
  const bool fit = reads(across) && reads(down) && shortest(across) >= xt && shortest(down) >= yt;
  const bool operand = std::any_of(task.epilogue.begin(), task.epilogue.end(),
                                   [](const Stage& stage) { return stage.input >= 0; });
  return fit && !(operand && (tiles_overlap(across, xt) || tiles_overlap(down, yt)));
}

double image_cycles(const Task& task, const ConvTile& tile, const Target& target) {
  const ConvShape s = conv_shape(task);
  const Sides sides = sides_of(task, s.window);
  const double channels = static_cast<double>(s.c / s.groups),
               taps = static_cast<double>(s.window.kernel_h * s.window.kernel_w),
               block_bytes = 4 * channels * taps * static_cast<double>(tile.lanes * tile.kt),
               blocks = static_cast<double>(channel_block_count(s, tile));
  double cycles = 0;
  // `end` beside the sums of a tile that are finished and stored.
  const auto add = [&](int64_t pixels, double tiles, double steps, double end) {
    if (tiles > 0)
      cycles += steps * channels * step_cycles(tile, pixels, block_bytes, target) +
                tiles * (end + 4 +
                         unit_cycles(target, tile.lanes) * static_cast<double>(tile.kt * pixels));
  };
  if (tile.yt == 0) {
    const int64_t pixels = s.n * s.height * s.width, rest = pixels % tile.xt;
    const double whole = static_cast<double>(pixels / tile.xt), one = rest > 0 ? 1 : 0;
    add(tile.xt, whole, whole * taps, 6 * static_cast<double>(tile.xt));
    add(rest, one, one * taps, 6 * static_cast<double>(rest));
    return blocks * cycles;
  }
  const Cut x = tile.skip == 3 ? Cut(dsl::tap_runs_across(task), tile.xt)
                               : Cut(s.width, tile.xt, sides.across, tile.skip == 2);
  const Cut y = tile.skip == 3 ? Cut(dsl::tap_runs_down(task), tile.yt)
                               : Cut(s.height, tile.yt, sides.down, tile.skip >= 1);
  for (const Cut::Part& along : x.parts)
    for (const Cut::Part& down : y.parts)
      add(along.size * down.size, static_cast<double>(along.count * down.count),
          static_cast<double>(along.taps * down.taps), 20 * static_cast<double>(down.size - 1));
  return blocks * cycles * static_cast<double>(s.n);
}

double cold_cycles(const Task& task, const ConvTile& tile, const Target& target) {
  const ConvShape s = conv_shape(task);
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const double weights = weight_bytes(s), image = image_cycles(task, tile, target),
               memory = weights / memory_bytes_per_cycle;
  const int64_t tiles =
      divide_up(s.n * s.height * s.width, tile.xt * std::max<int64_t>(tile.yt, 1));
  const double block_bytes = weights * real(tile.lanes * tile.kt) / real(s.k);
  const double again = weights_again(weights, block_bytes, tiles, target);
  return together(image, memory) + std::min(image, again) / 4;
}

int64_t good_channel_block(const ConvShape& s, const ConvTile& tile,
                           const std::vector<int64_t>& blocks, const Target& target) {
  const int64_t channel_bytes = 4 * s.window.kernel_h * s.window.kernel_w * tile.lanes * tile.kt,
                tiles =
                    divide_up(s.n * s.height * s.width, tile.xt * std::max<int64_t>(1, tile.yt));
  if (tiles <= 8 || s.c / s.groups * channel_bytes <= target.l2_bytes / 2) return 0;
  int64_t best = 0;
  for (const int64_t block : blocks)
    if (block * channel_bytes <= target.l2_bytes / 3) best = std::max(best, block);
  return best;
}

ConvTile good_tile(const Task& task, const std::vector<int64_t>& lanes,
                   const ConvTileChoice& choice, const Target& target) {
  const ConvShape s = conv_shape(task);
  ConvTile best{lanes.front(), 1, 1, 1, 0};
  double least = std::numeric_limits<double>::max();
  const auto consider = [&](const ConvTile& tile, double margin) {
    if (!fits_registers(tile, target)) return;
    const double cycles = image_cycles(task, tile, target) * margin;
    if (cycles < least) least = cycles, best = tile;
  };
  const Halo reach = dsl::window_reach(task);
  for (const int64_t width : lanes)
    for (const int64_t kt : conv_tile_vectors(s)) {
      if (kt > divide_up(s.k, width)) continue;
      if (s.groups > 1 && s.k / s.groups % (width * kt) != 0) continue;
      for (const int64_t xt : conv_tile_widths(s)) {
        for (const int64_t yt : {1, 2, 3}) {
          if (xt > s.width || yt > s.height || yt > choice.rows) continue;
          consider({width, kt, xt, yt, 0}, 1);
          if (choice.skip && reach.top + reach.bottom > 0) consider({width, kt, xt, yt, 1}, 1);
          if (choice.skip && reach.left + reach.right > 0) consider({width, kt, xt, yt, 2}, 1.02);
          // The others read a copy of the input inside a frame of zeros.
          if (choice.regions && fits_regions(task, xt, yt)) consider({width, kt, xt, yt, 3}, 0.95);
        }
        if (choice.runs) consider({width, kt, xt, 0, 0}, 1.02);
      }
    }
  return best;
}

}  // namespace tenfold::schedules
