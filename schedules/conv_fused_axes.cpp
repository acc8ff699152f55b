// The plain half of "fused_rows": its axes, what is legal, and the default.
#include <algorithm>
#include <limits>

#include "dsl/op.h"
#include "schedules/conv_fused.h"
#include "schedules/loops.h"

namespace tenfold::schedules {
namespace {

// A cut group would be made whole, and its last rows thrown away.
std::vector<int64_t> row_counts(int64_t height) {
  std::vector<int64_t> counts;
  for (int64_t rows = 1; rows <= std::min<int64_t>(height, 64); ++rows)
    if (height % rows == 0) counts.push_back(rows);
  return counts;
}

// 0 is all of them.
std::vector<int64_t> channel_blocks(const FusedShape& s, int64_t lanes) {
  std::vector<int64_t> blocks{0};
  for (const int64_t block : {16, 24, 32, 48, 64, 96, 128, 192, 256})
    if (s.expanded % block == 0 && block < s.expanded && block % lanes == 0)
      blocks.push_back(block);
  return blocks;
}

// The last strip may be shorter.
std::vector<int64_t> strip_counts(int64_t height) {
  std::vector<int64_t> counts{0};
  for (int64_t strip = 1; strip <= height / 2; ++strip)
    if (height % strip == 0) counts.push_back(strip);
  for (const int64_t strips : {2, 4, 8, 16})
    if (height >= 4 * strips) counts.push_back(divide_up(height, strips));
  std::ranges::sort(counts);
  counts.erase(std::ranges::unique(counts).begin(), counts.end());
  return counts;
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "fused_rows: " + rule};
}

// Cycles of one channel of a tile of a pointwise convolution, and of the loop around it.
double channel_cycles(int64_t lanes, int64_t vectors, int64_t pixels, const Target& target) {
  const double cycles = tile_cycles(target, lanes, vectors, pixels) + 0.2;
  return vectors * pixels + vectors + 1 > target.registers ? 2 * cycles : cycles;
}

// Of a row of `width` pixels by `vectors` vectors.
double row_cycles(int64_t width, int64_t lanes, int64_t vectors, int64_t xt, int64_t kt,
                  const Target& target) {
  double cycles = 0;
  for (const auto& [x_count, x_size] :
       {std::pair{width / xt, xt}, {width % xt ? 1 : 0, width % xt}})
    for (const auto& [k_count, k_size] :
         {std::pair{vectors / kt, kt}, {vectors % kt ? 1 : 0, vectors % kt}})
      if (x_count * k_count > 0)
        cycles += static_cast<double>(x_count * k_count) *
                  (channel_cycles(lanes, k_size, x_size, target) + (k_size < kt ? 1 : 0));
  return cycles;
}

void choose_tile(Config& config, const std::vector<Axis>& all, int64_t width, int64_t channels,
                 const char* lanes_name, int64_t fixed_lanes, const char* vectors_name,
                 const char* pixels_name, const Target& target) {
  const auto values = [&](const char* name) {
    return std::find_if(all.begin(), all.end(), [&](const Axis& a) { return a.name == name; })
        ->values;
  };
  double best = std::numeric_limits<double>::max();
  for (const int64_t lanes : lanes_name ? values(lanes_name) : std::vector<int64_t>{fixed_lanes})
    for (const int64_t vectors : values(vectors_name))
      for (const int64_t pixels : values(pixels_name)) {
        if (vectors * pixels + 2 > target.registers || divide_up(channels, lanes) < vectors)
          continue;
        const double cycles =
            row_cycles(width, lanes, divide_up(channels, lanes), pixels, vectors, target);
        if (cycles >= best) continue;
        best = cycles;
        if (lanes_name) config.values[lanes_name] = lanes;
        config.values[vectors_name] = vectors;
        config.values[pixels_name] = pixels;
      }
}

// At most eight sums, half of a small register file: of inputs that several taps use, the compiler
// keeps more than there are registers. 8 x 2 instead of 4 x 2 took 0 to 9 % longer.
int64_t depthwise_pixels(const FusedShape& s, int64_t dyt, const Target& target) {
  int64_t dxt = 1;
  for (const int64_t pixels : up_to({2, 3, 4, 7, 8}, s.width))
    if (pixels * dyt <= std::min(8, target.registers / 2) && (s.width % pixels == 0 || pixels <= 4))
      dxt = pixels;
  while (dxt > 1 && s.window.kernel_h * s.window.kernel_w * dyt * dxt > 512) --dxt;
  return dxt;
}

// Groups of rows of which two threads can take the same number. Rolling on costs nothing, so an
// expanding block takes few at a time; otherwise as many as stay in half of L2, for the weights to
// be read seldom.
int64_t good_group(const FusedShape& s, int64_t dyt, const Target& target) {
  int64_t best = 0;
  bool best_even = false;
  for (const int64_t rows : row_counts(s.height)) {
    if (rows % dyt != 0) continue;
    const bool even = s.height / rows % 2 == 0;
    const bool small = 4 * rows * s.width * s.expanded <= target.l2_bytes / 2;
    const bool better = (even && !best_even) || (even == best_even && !s.expands && small);
    if (best != 0 && !better) continue;
    best = rows;
    best_even = even;
  }
  return best;
}

// Strips for a few threads: the most whose first windows share no more than a twentieth of all
// rows with the strip before, which are made twice, or else two; an even number for two threads,
// where that can be.
int64_t good_strip(const FusedShape& s, int64_t groups) {
  const int64_t shared = s.expands ? window_rows(s, 1) - s.window.stride_h : 0;
  int64_t best = 0, best_strips = 0;
  for (const int64_t strip : strip_counts(s.height)) {
    if (strip == 0 || strip >= groups) continue;
    const int64_t strips = divide_up(groups, strip);
    if (strips > 32 || (strips > 2 && strips * shared * 20 > s.in_height)) continue;
    const bool even = strips % 2 == 0, best_even = best_strips % 2 == 0;
    if (best != 0 && (even != best_even ? best_even : strips <= best_strips)) continue;
    best = strip;
    best_strips = strips;
  }
  return best;
}

}  // namespace

FusedShape fused_shape(const Task& task) {
  FusedShape s{conv_shape(task),       task.op == "inverted_residual", 0,
               task.inputs[0].dims[1], task.inputs[0].dims[2],         0};
  s.expanded = s.expands ? task.attrs.get_int("expanded", 1) : s.c;
  const std::vector<dsl::Param> params = dsl::params(task);
  while (params[s.between_params].name != "depthwise_weights") ++s.between_params;
  return s;
}

int64_t middle_lanes(const FusedShape& s, const Target& target) {
  const std::vector<int64_t> all = lanes_axis(s.expanded, target).values;
  int64_t lanes = all.back();
  while (!s.expands && lanes > s.expanded) lanes /= 2;
  const auto cycles = [&](int64_t width) {
    return static_cast<double>(divide_up(s.expanded, width)) * unit_cycles(target, width);
  };
  return lanes > 1 && cycles(lanes / 2) < cycles(lanes) ? lanes / 2 : lanes;
}

int64_t window_rows(const FusedShape& s, int64_t rows) {
  return (rows - 1) * s.window.stride_h + (s.window.kernel_h - 1) * s.window.dilation_h + 1;
}

int64_t row_groups(const FusedShape& s, const Config& config) {
  return s.height / config.at("rows");
}

std::vector<Axis> fused_axes(const Task& task, const Target& target) {
  const FusedShape s = fused_shape(task);
  const int64_t lanes = middle_lanes(s, target);
  const std::vector<int64_t> pixels{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14};
  std::vector<int64_t> along;
  for (const int64_t count : pixels)
    if (count <= s.width) along.push_back(count);
  std::vector<int64_t> expand_along{1}, expand_vectors{1};
  if (s.expands) {
    expand_along.clear();
    for (const int64_t count : pixels)
      if (count <= s.in_width) expand_along.push_back(count);
    expand_vectors = up_to({1, 2, 3, 4}, divide_up(s.expanded, lanes));
  }
  Axis depthwise_block{"db", {0}};
  for (const int64_t block : {2, 4, 8, 16})
    if (block * lanes < s.expanded) depthwise_block.values.push_back(block);
  return {
      {"rows", row_counts(s.height)},     // rows of output made at once
      {"strip", strip_counts(s.height)},  // such groups that a thread takes; 0: an image
      {"eb", channel_blocks(s, lanes)},   // expanded channels kept at once; 0: all
      {"et", expand_vectors},             // vectors of a tile of the expanding convolution
      {"ext", expand_along},              // and its pixels along x
      {"eorder", s.expands ? std::vector<int64_t>{0, 1}
                           : std::vector<int64_t>{0}},    // its vectors are 0: outside its rows,
                                                          // 1: inside a tile's loop over x
      {"dxt", up_to({1, 2, 3, 4, 5, 6, 7, 8}, s.width)},  // pixels of a depthwise tile along x
      {"dyt", up_to({1, 2, 3, 4}, s.height)},             // and along y
      depthwise_block,                                    // vectors inside its loop over x; 0: all
      {"lanes", up_to({4, 8, 16}, target.lanes)},         // of a vector of output channels
      {"kt", up_to({1, 2, 3, 4, 5, 6, 7, 8}, std::max<int64_t>(1, divide_up(s.k, 4)))},
      {"xt", along},      // vectors and pixels of an output tile
      {"order", {0, 1}},  // blocks of output channels are 0: outside a group's
                          // tiles, 1: inside
      {"stage", task.prologue.empty() && s.expands ? std::vector<int64_t>{stage_none}
                                                   : stage_axis(task).values},
  };
}

Status fused_legal(const Task& task, const Target& target, const Config& config) {
  const FusedShape s = fused_shape(task);
  const int64_t rows = config.at("rows"), eb = config.at("eb"), dyt = config.at("dyt"),
                lanes = middle_lanes(s, target);
  const auto tile = [&](int64_t vectors, int64_t pixels) { return vectors * pixels + 2; };
  if (tile(config.at("kt"), config.at("xt")) > target.registers ||
      tile(config.at("et"), config.at("ext")) > target.registers ||
      tile(dyt, config.at("dxt")) > target.registers)
    return illegal("a register tile spills");
  if (divide_up(s.k, config.at("lanes")) < config.at("kt"))
    return illegal("the tile has more vectors than the output");
  if (rows % dyt != 0) return illegal("rows of a depthwise tile divide the group");
  if (s.window.kernel_h * s.window.kernel_w * dyt * config.at("dxt") > 512 &&
      dyt * config.at("dxt") > 1)
    return illegal("the unrolled body is too long");
  if (config.at("strip") > 0 && config.at("strip") >= row_groups(s, config))
    return illegal("a strip is a part of the image");
  const bool one_group = config.at("strip") == 1 || row_groups(s, config) == 1;
  if (s.expands && eb > 0 && !one_group)
    return illegal("blocks of channels are made anew in each group");
  if (eb > 0 && eb % (lanes * config.at("et")) != 0)
    return illegal("the expanding tile reaches into another block");
  if (config.at("db") > 0 && eb > 0 && config.at("db") * lanes >= eb)
    return illegal("there are no other channels");
  return {};
}

Config fused_initial(const Task& task, const Target& target) {
  const FusedShape s = fused_shape(task);
  const std::vector<Axis> all = fused_axes(task, target);
  Config config{"fused_rows", {}};
  for (const Axis& axis : all) config.values[axis.name] = axis.values[0];
  choose_tile(config, all, s.width, s.k, "lanes", 0, "kt", "xt", target);
  if (s.expands)
    choose_tile(config, all, s.in_width, s.expanded, nullptr, middle_lanes(s, target), "et", "ext",
                target);
  const int64_t dyt = s.height % 4 == 0 || (!s.expands && s.height % 2 == 0) ? 2 : 1;
  config.values["dyt"] = dyt;
  config.values["dxt"] = depthwise_pixels(s, dyt, target);
  // Weights that are a small part of L2 are read again for each tile, of rows that stay in L1: 32
  // -> 64@112 0.47 ms in groups of 56 rows, 0.36 so, 64 -> 128@147 2.8 and 2.3.
  const bool single_rows = !s.expands && 4 * s.k * s.expanded <= target.l2_bytes / 4;
  config.values["order"] = single_rows ? 1 : 0;
  config.values["rows"] = single_rows ? dyt : good_group(s, dyt, target);
  config.values["strip"] = good_strip(s, row_groups(s, config));
  return config;
}

}  // namespace tenfold::schedules
