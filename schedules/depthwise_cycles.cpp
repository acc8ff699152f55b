#include "schedules/depthwise_cycles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "schedules/loops.h"

namespace tenfold::schedules {
namespace {

constexpr double line_bytes = 64;

double as_double(int64_t value) {
  return static_cast<double>(value);
}

// L1's sets: 64 on all CPUs that we know, for a page's offset chooses them.
constexpr int64_t l1_sets = 64;

// How L1 takes pixels that lie `stride` bytes apart.
struct Sets {
  int64_t apart;  // a pixel's first line lies in one of the sets 0, apart, 2 * apart, ...
  double ways;
  // Lines of pixels of `run` lines each that stay.
  double held(double run) const {
    return as_double(l1_sets / apart) * std::min(run, as_double(apart)) * ways;
  }
};

Sets sets_of(int64_t stride, const Target& target) {
  const int64_t line = static_cast<int64_t>(line_bytes);
  return {.apart = stride % line == 0 ? std::gcd(stride / line, l1_sets) : 1,
          .ways = as_double(target.l1_bytes) / line_bytes / as_double(l1_sets)};
}

// Whether a stage has an exponential or the like.
bool is_long(const Stage& stage) {
  static const char* const short_ones[] = {"relu",   "hard_swish",  "abs",          "neg",  "clip",
                                           "affine", "leaky_relu",  "hard_sigmoid", "bias", "scale",
                                           "prelu",  "scale_shift", "add",          "sub",  "mul",
                                           "max",    "min",         "rsub"};
  return std::find(std::begin(short_ones), std::end(short_ones), stage.kind) ==
         std::end(short_ones);
}

// Where all taps are unrolled, the compiler begins one pixel's chain between the products of the
// next, whose operands 16 registers do not hold meanwhile.
bool long_chain(const Task& task) {
  return std::any_of(task.epilogue.begin(), task.epilogue.end(), is_long);
}

// Instructions that change a vector of inputs on load.
double load_steps(const Task& task) {
  double steps = 0;
  for (const Stage& stage : task.prologue) steps += is_long(stage) ? 20 : 1;
  return steps;
}

// Different inputs along one side that so many outputs take: output o and tap t take the one that
// output o - d and tap t + s do, where s and d are stride and dilation without their common factor.
double inputs_taken(int64_t outputs, int64_t stride, int64_t taps, int64_t dilation) {
  const int64_t common = std::gcd(stride, dilation);
  const int64_t again = std::max<int64_t>(0, outputs - dilation / common) *
                        std::max<int64_t>(0, taps - stride / common);
  return as_double(outputs * taps - again);
}

struct Tile {
  double pixels, rows, columns;  // rows and columns of inputs
  double inputs;                 // loads of them
};

// Two products and two loads a cycle. A sum's products wait four cycles for each other; the next
// tile's fill the gaps where it begins within the 256 instructions that the core looks ahead.
double tile_cycles(const Task& task, const ConvShape& s, const Target& target,
                   const DepthwiseLoops& loops, const Tile& tile) {
  const double kernel_h = as_double(s.window.kernel_h);
  const double taps = kernel_h * as_double(s.window.kernel_w), products = taps * tile.pixels;
  double loads = std::min(tile.inputs, products) + taps + tile.pixels, between = 4;
  if (loops.unrolled) {
    // Rows of inputs that two rows of sums use are kept from the one to the other.
    const double kept = loops.yt > 1 ? tile.columns : as_double(loops.xt);
    loads += 2 * kernel_h * std::max(0.0, tile.pixels + kept + 2 - target.registers);
    if (target.registers < 32 && long_chain(task)) between += 4 * tile.pixels;
  } else {
    between += 2 * kernel_h;
  }
  const double alone = std::clamp(1.8 * products / 256, 0.5, 1.0);
  // Of 32 registers the compiler keeps more inputs than there is room for beside 15 sums, and
  // stores them: 3x3 on Emerald Rapids, 4x4 pixels 29 times a tile, 8x2 12 times, 7x2 and 4x3
  // never, which take 20 to 25 % less time a pixel.
  const double spilling = loops.unrolled && target.registers >= 32 && tile.pixels > 14 ? 1.25 : 1;
  const double each = unit_cycles(target, loops.lanes);
  return spilling * std::max({each * products / 2, each * loads / 2, 4 * taps * alone}) + between;
}

// How much of a map waits for L3, from 0 where it fits L2 to 1 at twice that: a ramp through what
// was measured, for an older row goes as a newer one comes.
double beyond_l2(const Task& task, const Target& target) {
  return std::clamp(as_double(map_bytes(task)) / as_double(target.l2_bytes) - 0.9, 0.0, 1.0);
}

// Whether the other cores leave no room in L3: seen between 8 and 13 MB of 32.
bool from_memory(const Task& task, const Target& target) {
  return map_bytes(task) > target.l3_bytes / 3;
}

}  // namespace

// Figures of a Zen 3 core: cycles between products for a line from L2 (0.3 where all of the task's
// lines lie there, 2.5 where they come from L3), 8 for one of a tile whose lines displace each
// other, 3 for pixels of one line, of which a prefetcher makes nothing. From a far L3, one core of
// a Granite Rapids (2026-11, fitted to 70 trials each of 8 maps): 5 cycles a line of whole pixels,
// 9 and more of pieces. Of a Zen 3 core again (2026-12, least of three, 12 maps): maps that lie in
// no cache take 19 cycles a line by whole pixels, 25 by four lines, 35 by two, 50 by one, of which
// only what pieces add is counted, for the rest is the same for all loops; asked for
// a row of tiles ahead, 512@14 by two lines goes from 0.0299 to 0.0226 ms, and 384@14, whose lines
// then displace each other, from 0.0232 to 0.0268.
double depthwise_cycles(const Task& task, const ConvShape& s, const Target& target,
                        const DepthwiseLoops& loops) {
  const dsl::Window& w = s.window;
  const View& in = task.inputs[0];
  const double taps = as_double(w.kernel_h * w.kernel_w);
  Tile tile{.pixels = as_double(loops.xt * loops.yt),
            .rows = inputs_taken(loops.yt, w.stride_h, w.kernel_h, w.dilation_h),
            .columns = inputs_taken(loops.xt, w.stride_w, w.kernel_w, w.dilation_w)};
  tile.inputs = (loops.unrolled ? tile.rows : as_double(w.kernel_h * loops.yt)) * tile.columns;
  double cycles = tile_cycles(task, s, target, loops, tile);

  const bool far = from_far_l3(task, target), by_rows = far && loops.by_rows;
  const double vector_lines = 4 * as_double(loops.lanes) / line_bytes;
  const double run = as_double(loops.vectors) * vector_lines;  // lines of a pixel
  const double run_lines = std::max(1.0, std::ceil(run));
  const double kept_lines =  // of a pixel, from a row of tiles to the next
      by_rows ? std::ceil(4 * as_double(s.k) / line_bytes) : run_lines;
  const Sets sets = sets_of(loops.copied ? 4 : 4 * in.strides[2], target);
  const double window_rows = as_double(rows_read(w, loops.yt));
  const double window = window_rows * as_double(in.dims[2] + w.pad_left + w.pad_right) * kept_lines;
  const double asked = loops.ahead ? window * as_double(loops.yt * w.stride_h) / window_rows : 0;
  const double inputs = tile.rows * tile.columns;
  const double fresh = std::min(inputs, tile.pixels * as_double(w.stride_h * w.stride_w));
  const double l2_lines = as_double(target.l2_bytes) / line_bytes;
  const bool in_l2 = maps_fit_l2(task, target);
  const double line_cycles = in_l2 ? 0.3 : window < 0.6 * l2_lines ? 0.8 : 2.5;
  // Of the window, what stays until the next row reads it.
  const double stays =
      by_rows ? 0 : std::min(1.0, 0.8 * sets.held(run_lines) / (window + asked + taps * run));
  double lines = fresh + (1 - stays) * (inputs + taps - fresh);
  if (far) {  // of a row, what stays until the next tile does
    const double in_row = tile.rows * std::min(tile.columns, as_double(loops.xt * w.stride_w));
    const double tile_lines = (inputs + taps + tile.pixels) * run_lines;
    const double left = std::min(1.0, 0.8 * sets.held(run_lines) / tile_lines);
    lines = std::min(lines, in_row + (1 - left) * (inputs + taps - in_row));
  }
  cycles += line_cycles * lines * vector_lines;
  const double l3_lines = beyond_l2(task, target);
  const double row_tiles = as_double(divide_up(s.height, loops.yt));
  const double asked_for = loops.ahead ? 0.7 * l3_lines * (1 - 1 / row_tiles) : 0;
  const double waited = (1 - asked_for) * fresh + tile.pixels;
  cycles += 3 * waited * vector_lines / (run * run);
  if (loops.ahead) cycles += 0.5 * fresh * std::min(1.0, vector_lines);
  // Lines from L3: a prefetcher follows whole pixels, several of which lie in a page.
  if (!in_l2) {
    const bool whole = !loops.copied && loops.vectors * loops.lanes >= s.k;
    const double pages = whole ? half_page_share(in) : 1;
    const double piece = 5 + 6 / run + (by_rows ? 0 : 4);
    const double near = 2 * pages + (from_memory(task, target) ? 28 / run : 0);
    const double each = !far ? near : whole ? 5 * pages : piece;
    cycles += each * waited * vector_lines;
  }
  // A tile's lines displace each other, from half of what there is room for, and those that a
  // prefetcher adds; of twelve ways enough are left for these.
  const bool few_ways = sets.ways < 12;
  const double at_once =
      inputs * (few_ways ? 2 : 1) * (few_ways && run > as_double(sets.apart) ? 2 : 1);
  cycles += 8 * inputs * vector_lines *
            std::clamp(at_once / sets.held(std::max(1.0, vector_lines)) - 1, 0.0, 1.0);
  cycles += unit_cycles(target, loops.lanes) / 2 * load_steps(task) *
            (loops.copied ? fresh : std::max(fresh, tile.inputs));
  if (loops.copied) {  // a load, a store; and once more where the copy does not stay in L2
    cycles += 1.5 * fresh;
    if (as_double(in.dims[1] * in.dims[2]) * run_lines > 0.5 * l2_lines)
      cycles += 5 * fresh * vector_lines;
  }
  return cycles * as_double(divide_up(s.width, loops.xt) * divide_up(s.height, loops.yt) *
                            divide_up(s.k, loops.lanes));
}

}  // namespace tenfold::schedules
