// The plain half of "grouped": its axes, what is legal, and the default.
#include <algorithm>
#include <limits>

#include "schedules/conv_grouped.h"
#include "schedules/conv_tiles.h"
#include "schedules/loops.h"

namespace tenfold::schedules {
namespace {

// Groups of one vector.
std::vector<int64_t> shares(const ConvShape& s, const Target& target) {
  std::vector<int64_t> choices{1};
  for (int64_t share = 2; share * group_k(s) <= target.lanes; ++share)
    if (s.groups % share == 0) choices.push_back(share);
  return choices;
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "grouped: " + rule};
}

// Whether spreading an input over its group's lanes moves it across the 128 bits within which a
// single shuffle does. Seen on Emerald Rapids, two groups of 8 channels: 54 % of the peak with
// shuffles and 84 in turns at stride 1, 37 and 44 at stride 2; four groups of 4: 66 and 58.
bool crosses_lanes(const ConvShape& s, int64_t lanes, int64_t share) {
  return share > 1 && group_k(s) > 4 && share * group_k(s) == lanes;
}

// Cycles of one channel and one row of taps of a tile: two products and two loads a cycle, four
// cycles until a sum can be added to again, and the loop around it. A shuffle takes the place of
// half a product. Where no register is left for inputs that several taps use, or for vectors that
// are yet to be shuffled, some are spilled.
double tile_cycles(const ConvShape& s, const Config& config, const Target& target) {
  const int64_t kt = config.at("kt"), xt = config.at("xt"), yt = config.at("yt");
  const dsl::Window& w = s.window;
  const bool shared = config.at("share") > 1 && config.at("turns") == 0;
  const int64_t taps = config.at("tu") ? w.kernel_w : 1, sums = kt * xt * yt,
                columns = w.dilation_w == 1 ? (xt - 1) * w.stride_w + taps : xt * taps,
                rows = config.at("tu") == 2 && w.dilation_h == 1
                           ? (yt - 1) * w.stride_h + w.kernel_h
                           : yt * w.kernel_h;
  const double each = unit_cycles(target, config.at("lanes")),
               products = static_cast<double>(taps * sums),
               inputs = static_cast<double>(std::min(columns, xt * taps) *
                                            std::min(rows, yt * w.kernel_h)) /
                        static_cast<double>(w.kernel_h),
               loads = each * static_cast<double>(taps * kt) + (shared ? each : 1) * inputs,
               shuffles = shared ? inputs / 2 : 0;
  const double cycles =
      std::max({4.0 * static_cast<double>(taps), each * (products + shuffles) / 2, loads / 2}) +
      0.5;
  const bool spills = shared ? sums > target.registers / 2
                      : config.at("turns") == 1
                          ? sums > target.registers * 5 / 8
                          : sums + kt * std::min<int64_t>(taps, 3) > target.registers - 3;
  return spills ? 1.25 * cycles : cycles;
}

// All tiles of an image, of which the last of a row is cut. The copy that takes turns costs three
// cycles a vector of the input.
double image_cycles(const ConvShape& s, const Config& config, const Target& target) {
  const int64_t xt = config.at("xt"), yt = config.at("yt"), rest = s.width % xt;
  const auto tiles = [&](Config tile, int64_t pixels, int64_t count) {
    tile.values["xt"] = pixels;
    return count == 0 || pixels == 0 ? 0.0
                                     : static_cast<double>(count) * tile_cycles(s, tile, target);
  };
  const double taps = config.at("tu") ? 1 : static_cast<double>(s.window.kernel_w);
  const double bodies = taps * (tiles(config, xt, s.width / xt) + tiles(config, rest, 1)) *
                        static_cast<double>(divide_up(s.height, yt));
  const int64_t lanes = config.at("lanes"),
                copied = config.at("turns") * s.window.stride_h * s.window.stride_w * s.height *
                         s.width * divide_up(config.at("share") * group_c(s), lanes);
  return (bodies + 3 * unit_cycles(target, lanes) * static_cast<double>(copied) /
                       static_cast<double>(group_c(s) * s.window.kernel_h)) *
         static_cast<double>(blocks_of_all(s, config));
}

// What takes turns is copied a bundle at a time: of a map beyond L2 it reads single lines of its
// pixels, which no prefetcher brings. 8 channels a group at stride 2, 256@56x56: 14 cycles each.
double line_cycles(const Task& task, const Target& target, const Config& config) {
  const View& in = task.inputs[0];
  const int64_t pixels = in.dims[1] * in.dims[2],
                lines = pixels * divide_up(4 * in.dims[3], int64_t{64});
  const bool fits = 4 * pixels * in.strides[2] < target.l2_bytes;
  return config.at("turns") == 0 || fits ? 0 : 14 * static_cast<double>(lines);
}

}  // namespace

int64_t group_k(const ConvShape& s) {
  return s.k / s.groups;
}
int64_t group_c(const ConvShape& s) {
  return s.c / s.groups;
}

int64_t bundle_width(const ConvShape& s, const Config& config) {
  return config.at("share") * group_k(s);
}

int64_t blocks_of_all(const ConvShape& s, const Config& config) {
  return s.groups / config.at("share") *
         divide_up(bundle_width(s, config), config.at("lanes") * config.at("kt"));
}

std::vector<Axis> grouped_axes(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  Axis unrolled{"cu", {}}, blocks{"gb", {0}}, taps{"tu", {0}};
  for (const int64_t count : {1, 2, 3, 4, 5, 6, 7, 8, 16})
    if (group_c(s) % count == 0) unrolled.values.push_back(count);
  for (int64_t count = 1; count <= 32; count *= 2) blocks.values.push_back(count);
  if (s.window.kernel_w > 1) taps.values.push_back(1);
  if (s.window.kernel_h > 1) taps.values.push_back(2);
  return {
      {"share", shares(s, target)},                      // groups of a vector
      {"lanes", up_to({1, 2, 4, 8, 16}, target.lanes)},  // output channels of a vector
      {"kt", up_to({1, 2, 3, 4, 5, 6},
                   divide_up(group_k(s), std::min<int64_t>(4, group_k(s))))},  // vectors of a tile
      {"xt", up_to({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14}, s.width)},  // pixels of a tile along x
      {"yt", up_to({1, 2, 3, 4}, s.height)},                            // and along y
      unrolled,  // channels of a group unrolled
      taps,      // taps unrolled: 1: of a row, 2: all
      blocks,    // blocks of output channels inside the loop over x; 0: all
      {"turns", shares(s, target).size() > 1 && task.inputs[0].strides[3] == 1
                    ? std::vector<int64_t>{0, 1}
                    : std::vector<int64_t>{0}},  // 1: a strip's input is copied first, the groups
                                                 // of a vector in turns
      {"order", {0, 1}},  // the other blocks are 0: outside a strip's rows, 1: inside a row
      strip_axis(s),
      stage_axis(task),
  };
}

Status grouped_legal(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  const int64_t lanes = config.at("lanes"), kt = config.at("kt"), xt = config.at("xt"),
                yt = config.at("yt"), cu = config.at("cu"), tu = config.at("tu"),
                wide = bundle_width(s, config);
  if (kt * xt * yt + 2 > target.registers) return illegal("the register tile spills");
  if (lanes >= 2 * wide) return illegal("a vector is more than half empty");
  if (divide_up(wide, lanes) < kt) return illegal("the tile has more vectors than its groups");
  if (config.at("share") > 1 && (lanes < wide || cu != group_c(s)))
    return illegal("groups that share a vector have all their channels unrolled");
  if (config.at("turns") == 1 && (config.at("share") == 1 || lanes != wide))
    return illegal("groups that take turns fill a vector");
  if (s.height % yt != 0)
    return illegal("rows of a tile divide the image: a cut one would break every tile's body");
  const int64_t taps = (tu >= 1 ? s.window.kernel_w : 1) * (tu == 2 ? s.window.kernel_h : 1);
  if (taps * cu * kt * xt * yt > 600) return illegal("the unrolled body is too long");
  if (config.at("strip") >= strip_tiles(s, xt, yt)) return illegal("the strip is the whole image");
  if (config.at("gb") >= blocks_of_all(s, config) ||
      (config.at("order") == 1 && config.at("gb") == 0))
    return illegal("there are no other blocks");
  return {};
}

Config grouped_initial(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const std::vector<Axis> all = grouped_axes(task, target);
  Config config{"grouped",
                {{"share", 1},
                 {"lanes", 1},
                 {"kt", 1},
                 {"xt", 1},
                 {"yt", 1},
                 {"cu", 1},
                 {"tu", 0},
                 {"gb", 0},
                 {"turns", 0},
                 {"order", 0},
                 {"strip", 0}}};
  config.values["stage"] = all.back().values[0];
  double best = std::numeric_limits<double>::max();
  Config tile = config;
  for (const int64_t share : all[0].values)
    for (const int64_t lanes : all[1].values)
      for (const int64_t kt : all[2].values)
        for (const int64_t yt : all[4].values)
          for (const int64_t xt : all[3].values) {
            tile.values["share"] = share, tile.values["lanes"] = lanes, tile.values["kt"] = kt;
            tile.values["xt"] = xt, tile.values["yt"] = yt;
            tile.values["turns"] = crosses_lanes(s, lanes, share) ? all[8].values.back() : 0;
            tile.values["cu"] = share > 1 || group_c(s) <= 4 ? all[5].values.back() : 1;
            bool fits = false;
            for (auto taps = all[6].values.rbegin(); taps != all[6].values.rend() && !fits;
                 ++taps) {
              if ((share == 1 || tile.at("turns") == 1) && *taps > 1) continue;
              tile.values["tu"] = *taps;
              fits = static_cast<bool>(grouped_legal(task, target, tile));
            }
            if (!fits) continue;
            const double cycles = image_cycles(s, tile, target);
            if (cycles >= best) continue;
            best = cycles;
            config = tile;
          }
  // Whole pixels are read at once while the weights stay in L2; else blocks of channels whose
  // weights stay in L1.
  const int64_t blocks = blocks_of_all(s, config);
  // What takes turns is copied for one block at a time, and so lies in L1; and of a 1x1
  // convolution a block shares no weights with the next, nor inputs where it is a whole group (68
  // -> 272 channels in 4 groups at 28x28: 0.078 ms all at once, 0.057 one by one).
  const bool pointwise = s.window.kernel_h * s.window.kernel_w == 1 && config.at("share") == 1;
  // Groups of one vector that is less than a line, and whose pixels do not stay in L1, go one by
  // one: the next group finds its lines there.
  const dsl::Window& w = s.window;
  const int64_t tile_inputs = ((config.at("xt") - 1) * w.stride_w + w.kernel_w) *
                              ((config.at("yt") - 1) * w.stride_h + w.kernel_h);
  const bool narrow = config.at("share") == 1 && group_k(s) <= config.at("lanes") &&
                      config.at("lanes") * 4 < 64 && 4 * s.c * tile_inputs > target.l1_bytes / 2;
  if ((config.at("turns") == 1 || pointwise || narrow) && blocks > 1) config.values["gb"] = 1;
  const int64_t block_bytes =
      4 * group_c(s) * s.window.kernel_h * s.window.kernel_w * config.at("lanes") * config.at("kt");
  if (config.at("gb") == 0 && blocks * block_bytes > target.l2_bytes / 2) {
    const int64_t inside = at_most(all[7], std::max<int64_t>(1, target.l1_bytes / 2 / block_bytes));
    if (inside < blocks) config.values["gb"] = inside;
  }
  config.values["strip"] = good_strip(task, s, config.at("xt"), config.at("yt"), target);
  return config;
}

// Each tile has a beginning and an end.
double grouped_cycles(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  const auto real = [](int64_t value) { return static_cast<double>(value); };
  const int64_t tiles = divide_up(s.width, config.at("xt")) * divide_up(s.height, config.at("yt")) *
                        blocks_of_all(s, config),
                sums = config.at("kt") * config.at("xt") * config.at("yt");
  const double products = real(group_c(s) * s.window.kernel_h) * image_cycles(s, config, target),
               ends = real(tiles) * (4 + unit_cycles(target, config.at("lanes")) * real(sums));
  const int64_t piece = config.at("gb") * config.at("share") * std::min(group_c(s), group_k(s));
  const bool in_pieces = config.at("gb") > 0 && config.at("order") == 0;
  const double lines = std::max(real(s.n) * line_cycles(task, target, config),
                                in_pieces ? far_piece_cycles(task, target, piece) : 0);
  return together(real(s.n) * (products + ends) + lines, weight_bytes(s) / memory_bytes_per_cycle);
}

}  // namespace tenfold::schedules
