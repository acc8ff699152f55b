// The plain half of "direct": its axes, what is legal, and the default.
#include <algorithm>

#include "dsl/window.h"
#include "schedules/conv_direct.h"
#include "schedules/conv_tiles.h"
#include "schedules/loops.h"

namespace tenfold::schedules {
namespace {

// Tiles stay inside a group of output channels.
std::vector<int64_t> lane_choices(const ConvShape& s, const Target& target) {
  if (s.groups == 1) return up_to({4, 8, 16}, target.lanes);
  std::vector<int64_t> choices;
  for (const int64_t lanes : up_to({1, 2, 4, 8, 16}, target.lanes))
    if (s.k / s.groups % lanes == 0) choices.push_back(lanes);
  return choices;
}

// 0 is all of them.
std::vector<int64_t> channel_blocks(int64_t c) {
  std::vector<int64_t> blocks{0};
  for (const int64_t block : {32, 64, 128, 256, 512})
    if (c % block == 0 && block < c) blocks.push_back(block);
  return blocks;
}

std::vector<int64_t> unrollings(int64_t c) {
  std::vector<int64_t> counts;
  for (const int64_t count : {1, 2, 3, 4})
    if (c % count == 0) counts.push_back(count);
  return counts;
}

Axis load_axis(const Task& task) {
  Axis axis = stage_axis(task);
  if (axis.values.front() == stage_none) return axis;
  // A tile's row of a channel plane may be less than the vector in which it is made.
  if (task.inputs[0].strides[3] == 1) axis.values.push_back(stage_tile);
  // Read where it lies: tiles at the edges ask of each pixel whether it is there.
  if (task.prologue.empty() && reads_image(task))
    axis.values.insert(axis.values.begin(), stage_none);
  return axis;
}

// 0: a tile is a run of pixels, and goes on in the next row and the next image.
Axis rows_of_tile(const ConvShape& s) {
  std::vector<int64_t> rows = up_to({1, 2, 3}, s.height);
  if (s.n * s.height > 1 && s.groups == 1) rows.insert(rows.begin(), 0);
  return {"yt", rows};
}

// Taps that would read nothing but padding are left out: 1: for a tile's rows, 2: columns as well,
// 3: for both, tiles beginning where the taps change that read the image.
Axis skip_axis(const Task& task) {
  const Halo reach = dsl::window_reach(task);
  Axis axis{"skip", {0}};
  if (conv_shape(task).groups > 1 || !reads_image(task)) return axis;
  if (reach.top + reach.bottom > 0) axis.values.push_back(1);
  if (reach.left + reach.right > 0) axis.values.push_back(2);
  if (reach != Halo{} && fits_regions(task, 1, 1)) axis.values.push_back(3);
  return axis;
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "direct: " + rule};
}

// Whether channel planes are better read where they lie than copied into a frame of zeros: the copy
// costs some 0.7 cycles an element, masks at a row's ends a quarter of the products there. One core
// of a Granite Rapids, 2026-11, 3x3 at stride 2: 3 -> 16@384x768 0.58 ms copied, 0.41 so; 3
// -> 64@224 0.285 and 0.27; 7x7, 3 -> 64@224 1.29 and 1.49.
bool reads_planes_uncopied(const Task& task, const ConvTile& tile, const Target& target) {
  if (!task.prologue.empty() || task.inputs[0].strides[3] == 1 || !reads_image(task)) return false;
  const ConvShape s = conv_shape(task);
  const Halo reach = dsl::window_reach(task);
  const int64_t ends = (reach.left > 0 ? 1 : 0) + (reach.right > 0 ? 1 : 0),
                vectors = divide_up(s.k, tile.lanes), taps = s.window.kernel_h * s.window.kernel_w;
  const double products =
      unit_cycles(target, tile.lanes) / 2 * static_cast<double>(vectors * taps * s.c);
  const double copied = 0.7 * static_cast<double>(s.window.stride_h * s.window.stride_w * s.c);
  return products / 4 * static_cast<double>(ends) <
         copied * static_cast<double>(divide_up(s.width, tile.xt));
}

// Whether weights are best read once, by threads that take blocks of them over the whole image:
// such as do not stay in L2, and such as are as many as the map's elements or more, which a network
// brings from L3 or from memory each time. Strips wait for these in the first of their turns;
// blocks ask for the next one while they multiply. A few pages are there before it would show. For
// blocks a map that is changed on load is made whole, a pass of its own, which twice as many
// weights are worth; groups were not measured. One thread of a Granite Rapids, 2026-11, 1x1,
// weights in L2 and in memory: 512 -> 512@7 0.153 and 0.246 ms by strips, 0.154 and 0.172 by
// blocks; 640 -> 320@4 0.036 and 0.101, 0.043 and 0.067. Networks: docs/design.md.
bool reads_weights_once(const Task& task, const ConvShape& s, bool by_tile, const Target& target) {
  constexpr double least_bytes = 64 << 10;
  const double weights = weight_bytes(s), l2 = static_cast<double>(target.l2_bytes),
               map = 4.0 * static_cast<double>(*volume(task.inputs[0].dims));
  if (weights > l2 * (by_tile ? 2 : 0.5)) return true;
  return s.groups == 1 && weights >= least_bytes && weights >= map * (by_tile ? 2 : 1);
}

// Whether strips, each of which reads all weights, are better than blocks of output channels, each
// of which reads an input that L2 does not hold. They are where they read less and are no more,
// where one stays in L2 beside a block of weights, and where such a block serves some hundred
// pixels of it. On one thread of a Granite Rapids and on two, 2026-11: 728 -> 728@37 9.4 ms by
// blocks and 8.9 by strips, 4.8 and 4.5; 512 -> 2048@25x42 15.2 and 13.7, 7.2 and 6.9; 3x3 at
// stride 2, 256@56 6.2 and 5.5, 2.90 and 2.75. Where strips are of 28 pixels (512 -> 1024@28 at
// stride 2) 1.17 and 1.42. Four strips, the fewest, are few for more than four threads.
bool strips_are_better(const Task& task, const ConvShape& s, const ConvTile& tile,
                       const Target& target) {
  constexpr double least_pixels = 96;
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const Dims& in = task.inputs[0].dims;
  const double row_bytes = 4 * real(in[2] * in[3]), input_bytes = row_bytes * real(in[0] * in[1]);
  const double in_l2 = 0.75 * real(target.l2_bytes);
  if (s.groups > 1 || s.height == 1 || input_bytes <= in_l2) return false;
  const int64_t strip = good_strip(task, s, tile.xt, tile.yt, target);
  if (strip == 0) return false;
  const int64_t strips = s.n * divide_up(strip_tiles(s, tile.xt, tile.yt), strip),
                blocks = channel_block_count(s, tile), rows = strip * tile.yt,
                rows_in = rows_read(s.window, rows);
  const double weights = weight_bytes(s);
  return strips <= blocks && real(strips) * weights < real(blocks) * input_bytes &&
         real(rows_in) * row_bytes + weights / real(blocks) <= in_l2 &&
         real(rows * s.width) >= least_pixels;
}

}  // namespace

std::vector<Axis> direct_axes(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  return {
      {"lanes", lane_choices(s, target)},  // of a vector of output channels
      {"kt", conv_tile_vectors(s)},        // vectors of a tile
      {"xt", conv_tile_widths(s)},         // pixels of a tile along x
      rows_of_tile(s),                     // and along y
      {"cu", unrollings(s.c / s.groups)},  // channels unrolled
      {"su", s.window.kernel_w > 1 ? std::vector<int64_t>{0, 1}
                                   : std::vector<int64_t>{0}},  // taps of a row unrolled
      {"cb", channel_blocks(s.c / s.groups)},  // channels summed before the next tile
      {"order", {0, 1}},  // blocks of output channels are 0: outside a strip's tiles, 1: inside
      strip_axis(s),
      {"par", {0, 1}},  // threads share 0: strips, 1: blocks of output channels
      load_axis(task),
      skip_axis(task),
  };
}

Status direct_legal(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  const int64_t lanes = config.at("lanes"), kt = config.at("kt"), xt = config.at("xt"),
                yt = config.at("yt"), cu = config.at("cu"), cb = config.at("cb"),
                strip = config.at("strip");
  if (!fits_registers({lanes, kt, xt, yt, 0}, target)) return illegal("the register tile spills");
  if (divide_up(s.k, lanes) < kt) return illegal("the tile has more vectors than the output");
  if (s.groups > 1 && s.k / s.groups % (lanes * kt) != 0)
    return illegal("the tile reaches into another group");
  const int64_t taps = config.at("su") ? s.window.kernel_w : 1;
  if (taps * cu * kt * xt * std::max<int64_t>(yt, 1) > 512)
    return illegal("the unrolled body is too long");
  if (yt == 0 && (strip > 0 || config.at("order") == 1 || config.at("par") == 0 ||
                  config.at("stage") == stage_strip || config.at("skip") > 0))
    return illegal("runs of pixels are shared by blocks of channels");
  if (config.at("skip") > 0 && config.at("stage") != stage_none && config.at("stage") != stage_root)
    return illegal("what is kept of the input has no constant size where taps are left out");
  if (config.at("skip") == 3 &&
      (config.at("par") == 0 || config.at("stage") != stage_none || strip > 0))
    return illegal("tiles of outputs that read the same read the input itself, image by image");
  if (config.at("skip") == 3 && !fits_regions(task, xt, yt))
    return illegal("the tile is larger than a run of outputs that read the same");
  if (yt > 0 && xt > s.width) return illegal("the tile is wider than a row");
  if (yt > 0 && strip >= strip_tiles(s, xt, yt)) return illegal("the strip is the whole image");
  if (cb > 0 && strip > 0 && strip_tiles(s, xt, yt) % strip != 0)
    return illegal("the sums of the last strip reach beyond the image");
  if (config.at("order") == 1 && (cb > 0 || config.at("par") == 1))
    return illegal("blocks of channels are either inside or outside");
  // What is kept of the input is made in vectors that are shifted inwards: the part must hold one.
  if (config.at("stage") == stage_strip && config.at("par") == 1 && s.groups > 1)
    return illegal("a block of outputs needs its own group alone, which may be less than a vector");
  if (config.at("stage") == stage_tile && config.at("order") == 0)
    return illegal("a tile's input is kept for the blocks of channels inside");
  return {};
}

Config direct_initial(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const auto tiles = [&](ConvTileChoice choice) {
    choice.runs = choice.runs && s.groups == 1 && s.n * s.height > 1;
    choice.skip = choice.skip && s.groups == 1;
    return good_tile(task, lane_choices(s, target), choice, target);
  };
  int64_t stage = stage_axis(task).values[0];
  // A narrow group's taps are unrolled along a row: 8 channels a group at stride 2, 256@56x56, 0.33
  // ms by loops, 0.29 so.
  const bool narrow = s.groups > 1 && s.c / s.groups <= 8 && s.window.kernel_w > 1;
  ConvTile tile = tiles({.skip = stage == stage_none, .rows = narrow ? 1 : 3});
  if (stage != stage_none && s.groups == 1) {
    const ConvTile row = tiles({.runs = false, .skip = false, .rows = 1});
    if (reads_planes_uncopied(task, row, target)) {
      const Halo reach = dsl::window_reach(task);
      stage = stage_none;
      tile = row;
      tile.skip = reach.top + reach.bottom > 0 ? 1 : 0;
    }
  }
  // An input that is changed on load, and whose windows do not overlap, is kept for a tile: it
  // stays in L1 from when it is made.
  const bool by_tile = stage == stage_strip && s.window.kernel_h <= s.window.stride_h &&
                       s.window.kernel_w <= s.window.stride_w && task.inputs[0].strides[3] == 1;
  const bool once = reads_weights_once(task, s, by_tile, target);
  bool by_blocks = tile.yt == 0 || (channel_block_count(s, tile) >= 4 && once);
  if (by_blocks && once && stage == stage_none && task.inputs[0].strides[3] == 1) {
    const ConvTile row = tiles({.runs = false});
    if (strips_are_better(task, s, row, target)) {
      tile = row;
      by_blocks = false;
    }
  }
  if (by_blocks && stage != stage_none) {
    tile = tiles({.regions = true});
    stage = tile.skip == 3 ? stage_none : stage_root;  // a strip's would be made for each block
  }
  if (by_tile && !by_blocks) stage = stage_tile;
  // Weights that are a small part of L2 are read again for each tile, so that wide pixels are
  // written, and the input read, in one go.
  const bool inside = channel_block_count(s, tile) > 1 &&
                      weight_bytes(s) <= static_cast<double>(target.l2_bytes) / 4 &&
                      stage == stage_none;
  const int64_t order = !by_blocks && (stage == stage_tile || inside) ? 1 : 0;
  return {
      "direct",
      {{"lanes", tile.lanes},
       {"kt", tile.kt},
       {"xt", tile.xt},
       {"yt", tile.yt},
       {"skip", tile.skip},
       {"cu", s.c / s.groups <= 4 && !narrow ? s.c / s.groups : 1},
       {"su", narrow && s.window.kernel_w * tile.kt * tile.xt <= 128 ? 1 : 0},
       {"cb", by_blocks ? good_channel_block(s, tile, channel_blocks(s.c / s.groups), target) : 0},
       {"order", order},
       {"strip", by_blocks ? 0 : good_strip(task, s, tile.xt, tile.yt, target)},
       {"par", by_blocks ? 1 : 0},
       {"stage", stage}}};
}

double direct_cycles(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  // Blocks that each pass over the image, or groups of less than a line whose windows overlap: a
  // tile's pixels do not stay from one such group to the next.
  const int64_t group = std::min(s.c, s.k) / s.groups;
  const bool in_pieces =
      s.groups > 1 && (config.at("par") == 1 || (4 * group < 64 && s.window.stride_w == 1));
  const double pieces = in_pieces ? far_piece_cycles(task, target, group) : 0;
  return pieces + cold_cycles(task,
                              {config.at("lanes"), config.at("kt"), config.at("xt"),
                               config.at("yt"), config.at("skip")},
                              target);
}

}  // namespace tenfold::schedules
