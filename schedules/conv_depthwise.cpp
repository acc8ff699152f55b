// "depthwise": one filter a channel, as a tile of pixels whose rows are reused, with the taps
// unrolled, all or those of a row.
#include <algorithm>
#include <limits>

#include "dsl/op.h"
#include "schedules/ahead_halide.h"
#include "schedules/alias.h"
#include "schedules/conv_loops_halide.h"
#include "schedules/depthwise_cycles.h"
#include "schedules/finish_halide.h"
#include "schedules/loops.h"
#include "schedules/space_list.h"

namespace tenfold::schedules {
namespace {

bool serves(const Task& task, const Target& target) {
  return task.op == "conv2d" && target.device == DeviceKind::cpu && task.inputs[0].dims[3] > 1 &&
         task.attrs.get_int("groups", 1) == task.inputs[0].dims[3];
}

// The last vector of channels shifts inwards; in place it must not, and lanes must divide. With
// several filters a channel a vector's inputs are no run.
std::vector<int64_t> lane_choices(const Task& task, const Target& target) {
  const int64_t k = task.outputs[0].dims[3];
  const bool divide = may_alias(task, 1);
  std::vector<int64_t> choices;
  for (const int64_t lanes : {1, 2, 4, 8, 16})
    if (lanes <= target.lanes && lanes <= k && (!divide || k % lanes == 0))
      choices.push_back(lanes);
  return choices;
}

std::vector<int64_t> vector_blocks(const ConvShape& s, int64_t lanes) {
  std::vector<int64_t> blocks{0};
  for (const int64_t block : {1, 2, 3, 4, 5, 8, 16})
    if (block * lanes < s.k) blocks.push_back(block);
  return blocks;
}

// Where nothing has to be kept, a block's input may be copied all the same: dense, it has no lines
// that collide in L1, and the loads of a copy wait for nothing. What is changed on load is changed
// again for each tile, or once: 3x3 behind a relu, 19x19 with 728 channels, 0.085 ms and 0.167.
Axis copy_axis(const Task& task) {
  Axis axis = stage_axis(task);
  if (axis.values.size() == 1)
    axis.values.push_back(stage_strip);
  else if (dsl::halo_serves(task, dsl::window_reach(task)))
    axis.values.insert(axis.values.begin(), stage_none);
  return axis;
}

std::vector<Axis> axes(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  return {
      {"lanes", lane_choices(task, target)},             // channels of a vector
      {"xt", up_to({1, 2, 3, 4, 5, 6, 7, 8}, s.width)},  // pixels of a tile along x
      {"yt", up_to({1, 2, 3, 4}, s.height)},             // and along y
      {"ru", s.window.kernel_h > 1 ? std::vector<int64_t>{0, 1}
                                   : std::vector<int64_t>{1}},  // rows of taps unrolled
      {"kb", vector_blocks(s, lane_choices(task, target)
                                  .back())},  // vectors of channels inside the loop over x; 0: all
      {"order", {0, 1}},  // the other channels are 0: outside a strip's rows, 1: inside a row
      strip_axis(s),
      copy_axis(task),
      {"ahead", {0, 1}},  // a tile asks for the rows that only the tile below it reads
  };
}

int64_t body(const ConvShape& s, const Config& config) {
  return config.at("xt") * config.at("yt") * s.window.kernel_w *
         (config.at("ru") ? s.window.kernel_h : 1);
}

// Whether the last tile, moved inwards, begins a run of its own, so that one thread computes again
// what another does for the run before. At another place of a body the compiler may add in another
// order: which bits stay would be the threads' choice.
bool computed_by_two(int64_t extent, int64_t tile, int64_t run) {
  return run > 0 && extent % tile != 0 && (divide_up(extent, tile) - 1) % run == 0;
}

bool computed_by_two(const Task& task, const ConvShape& s, const Config& config) {
  const bool moved = !may_alias(task, 1);  // in place they are cut
  const bool tiles = s.height > 1 ? computed_by_two(s.height, config.at("yt"), config.at("strip"))
                                  : computed_by_two(s.width, config.at("xt"), config.at("strip"));
  return (moved && tiles) ||
         (config.at("order") == 0 && computed_by_two(s.k, config.at("lanes"), config.at("kb")));
}

Status illegal(const std::string& rule) {
  return Error{ErrorCode::invalid_argument, "depthwise: " + rule};
}

// What prefetch_pixels() expects: a loop over vectors whose turns load runs of their own channels,
// the first of a block where a line begins, and pixels enough for all turns of a line.
Status may_ask_ahead(const Task& task, const ConvShape& s, const Config& config) {
  const int64_t lanes = config.at("lanes"), kb = config.at("kb"),
                turns = divide_up(line_floats, lanes);
  if (config.at("stage") != stage_none || !config.at("ru"))
    return illegal("only what an unrolled body loads itself is asked for ahead");
  if (lanes == 1 || s.k != s.c || task.attrs.get_int("shuffle", 1) != 1 ||
      task.inputs[0].strides[3] != 1)
    return illegal("only runs of channels are asked for ahead");
  if ((kb > 0 ? kb : divide_up(s.k, lanes)) < 2 || kb * lanes % line_floats != 0)
    return illegal("blocks of vectors that are no whole lines are not asked for ahead");
  if (config.at("xt") * s.window.stride_w < turns || s.height <= config.at("yt"))
    return illegal("there is nothing to ask for ahead");
  return {};
}

Status legal(const Task& task, const Target& target, const Config& config) {
  const ConvShape s = conv_shape(task);
  if (config.at("xt") * config.at("yt") + 2 > target.registers)
    return illegal("the register tile spills");
  if (may_alias(task, 1) && s.height % config.at("yt") != 0)
    return illegal("a task that may run in place must not compute a row twice");
  if (computed_by_two(task, s, config)) return illegal("a tile that two threads compute");
  if (config.at("order") == 1 && config.at("kb") == 0)
    return illegal("there are no other channels");
  if (stage_axis(task).values[0] == stage_none && config.at("stage") != stage_none &&
      (config.at("kb") == 0 || config.at("order") == 1))
    return illegal("a copy of all channels");
  // A single pixel's taps are always taken: there is no smaller body.
  if (body(s, config) > 512 && config.at("xt") * config.at("yt") > 1)
    return illegal("the unrolled body is too long");
  if (config.at("ahead")) TENFOLD_CHECK(may_ask_ahead(task, s, config));
  if (config.at("strip") >= strip_tiles(s, config.at("xt"), config.at("yt")))
    return illegal("the strip is the whole image");
  return {};
}

// The vector, the tile, the block of channels, and whether its input is copied, that cost the
// fewest cycles. Of vectors the widest, and the one that a unit takes at once.
Config initial(const Task& task, const Target& target) {
  const ConvShape s = conv_shape(task);
  const std::vector<int64_t> widths = lane_choices(task, target);
  const Axis stages = copy_axis(task);
  const bool far = from_far_l3(task, target);
  const std::vector<int64_t> orders = far ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{0};
  // Beside a far L3 it was not measured; tiles that step over pixels or rows lost by it, and so did
  // whole pixels, which the machine's own prefetcher follows.
  const dsl::Window& w = s.window;
  const bool may_ask = !far && std::max({w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}) == 1;
  const std::vector<int64_t> aheads =
      may_ask ? std::vector<int64_t>{0, 1} : std::vector<int64_t>{0};
  Config best{"depthwise", {}};
  double least = std::numeric_limits<double>::max();
  const auto consider = [&](const Config& config) {
    const int64_t lanes = config.at("lanes"), kb = config.at("kb");
    const double cycles = depthwise_cycles(task, s, target,
                                           {.lanes = lanes,
                                            .xt = config.at("xt"),
                                            .yt = config.at("yt"),
                                            .vectors = kb > 0 ? kb : divide_up(s.k, lanes),
                                            .copied = config.at("stage") != stage_none,
                                            .unrolled = config.at("ru") == 1,
                                            .by_rows = config.at("order") == 1,
                                            .ahead = config.at("ahead") == 1});
    if (cycles < least && legal(task, target, config)) least = cycles, best = config;
  };
  // Of equal ones the first.
  for (const int64_t lanes : widths) {
    if (lanes != widths.back() && lanes != target.unit_lanes) continue;
    for (const int64_t yt : up_to({1, 2, 4, 3}, s.height))
      for (const int64_t xt : up_to({8, 7, 4, 6, 5, 3, 2, 1}, s.width)) {
        // Half of the registers hold sums, the others inputs that several taps use.
        if (xt * yt > target.registers / 2) continue;
        for (const int64_t kb : vector_blocks(s, lanes))
          for (const int64_t order : orders) {
            // Threads take blocks instead of strips: a few at least.
            if (kb > 0 && order == 0 && divide_up(divide_up(s.k, lanes), kb) < 4) continue;
            for (const int64_t stage : order == 0 ? stages.values : std::vector{stages.values[0]})
              for (const int64_t ru : {1, 0})
                for (const int64_t ahead : aheads)
                  if (stage != stage_root && (ru == 1 || s.window.kernel_h > 1) &&
                      (ahead == 0 || kb > 0))
                    consider({"depthwise",
                              {{"lanes", lanes},
                               {"xt", xt},
                               {"yt", yt},
                               {"ru", ru},
                               {"kb", kb},
                               {"order", order},
                               {"strip", 0},
                               {"stage", stage},
                               {"ahead", ahead}}});
          }
      }
  }
  if (best.at("kb") == 0 || best.at("order") == 1) {
    const int64_t good = good_strip(task, s, best.at("xt"), best.at("yt"), target);
    for (const int64_t strip : strip_axis(s).values) {  // that, or else the next longer one
      best.values["strip"] = strip;
      if (strip >= good && legal(task, target, best)) return best;
    }
    best.values["strip"] = 0;
  }
  return best;
}

std::vector<Packing> packing(const Task& task, const Target&, const Config&) {
  std::vector<Packing> packings;
  for (const dsl::Param& param : dsl::params(task)) packings.push_back(plain_packing(param.dims));
  const Dims weights = packings[0].source;  // to {R, S, K}
  packings[0].axes = {{2, 1, weights[2]}, {3, 1, weights[3]}, {0, 1, weights[0]}};
  return packings;
}

// The pixels of `input` that the tile below reads and this one does not; of the margins, which a
// row of tiles reads beyond its own pixels, the right one.
PixelsAhead next_rows(const Task& task, const ConvShape& s, const Config& config,
                      const std::string& input, const std::string& loop) {
  const dsl::Window& w = s.window;
  const Dims& strides = task.inputs[0].strides;
  const int64_t xt = config.at("xt"), yt = config.at("yt");
  const auto whole = [](int64_t value) { return static_cast<int>(value); };
  return {.input = input,
          .loop = loop,
          .lanes = whole(config.at("lanes")),
          .first = whole(rows_read(w, yt) * strides[1] + w.pad_left * strides[2]),
          .rows = whole(yt * w.stride_h),
          .pixels = whole(xt * w.stride_w),
          .row_stride = whole(strides[1]),
          .pixel_stride = whole(strides[2])};
}

/// parallel strips of rows of images, and blocks of channels: for y by yt, x by xt: for the block's
/// vectors of channels:
///   sums[yt][xt] = 0, in registers
///   [unrolled: for r, s: one weight vector, a product for each pixel]  (ru=0: r is a loop)
///   [unrolled: out = chain(sums)]
/// stage: before the first tile, a copy of the item's input, masked or only dense.
/// ahead=1: each vector also asks for its lines of the rows that the tile below adds.
/// order=0: threads take blocks, too; order=1: the blocks are inside the loop over y. The last
/// tiles and the last vector of channels shift inwards: a condition on a pixel would be met in each
/// body. In place, where nothing is computed twice, tiles at the right edge are cut.
Scheduled apply(const Task& task, const Target& target, const Config& config) {
  using Halide::TailStrategy;
  using Halide::Var;
  const ConvShape s = conv_shape(task);
  const auto axis = [&](const char* name) { return static_cast<int>(config.at(name)); };
  const int lanes = axis("lanes"), xt = axis("xt"), yt = axis("yt");
  dsl::Binding binding = dsl::bind(task, packing(task, target, config));
  dsl::Algorithm algorithm = (*dsl::find_op(task.op))->algorithm(task, binding);
  Halide::Func out = algorithm.funcs.at("out"), acc = algorithm.funcs.at("acc");
  const Var k = out.args()[0], x = out.args()[1], y = out.args()[2], n = out.args()[3];
  Var ki("ki"), ko("ko"), kb("kb"), xi("xi"), xo("xo"), yi("yi"), yo("yo"), strip("strip"),
      item("item");

  const auto tail = [](int64_t extent, int64_t tile, TailStrategy cut) {
    return extent % tile == 0 ? TailStrategy::RoundUp : cut;
  };
  const TailStrategy edge =
      may_alias(task, 1) ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards;
  out.split(k, ko, ki, lanes, tail(s.k, lanes, TailStrategy::ShiftInwards))
      .split(x, xo, xi, xt, tail(s.width, xt, edge))
      .split(y, yo, yi, yt, tail(s.height, yt, edge))
      .vectorize(ki)
      .unroll(xi)
      .unroll(yi);
  Var& along = s.height > 1 ? yo : xo;
  const int tiles = static_cast<int>(strip_tiles(s, xt, yt));
  out.split(along, strip, along, axis("strip") ? axis("strip") : tiles, TailStrategy::GuardWithIf);
  const int vectors = static_cast<int>(divide_up(s.k, lanes));
  out.split(ko, kb, ko, axis("kb") ? std::min(axis("kb"), vectors) : vectors,
            TailStrategy::GuardWithIf);
  if (axis("order") == 0)
    out.reorder(ki, xi, yi, ko, xo, yo, kb, strip, n).fuse(kb, strip, strip);
  else
    out.reorder(ki, xi, yi, ko, xo, kb, yo, strip, n);
  out.fuse(strip, n, item).parallel(item);

  const Halide::RDom taps = algorithm.reduction;
  const Var ak = acc.args()[0], ax = acc.args()[1], ay = acc.args()[2];
  acc.compute_at(out, ko).bound_extent(ak, lanes).vectorize(ak).unroll(ax).unroll(ay);
  Halide::Stage update = acc.update();
  // Where tiles step over pixels, the taps of one remainder after another: they share inputs.
  const int step = static_cast<int>(std::min(s.window.stride_w, s.window.kernel_w));
  Halide::RVar so("so"), si("si");
  update.split(taps[1], so, si, step, TailStrategy::GuardWithIf)
      .reorder(ak, ax, ay, taps[0], so, si, taps[2])
      .vectorize(ak)
      .unroll(ax)
      .unroll(ay)
      .unroll(taps[0])
      .unroll(so)
      .unroll(si);
  if (axis("ru")) update.unroll(taps[2]);

  const int64_t multiplier = s.k / s.c;
  if (!algorithm.funcs.contains("load") && axis("stage") == stage_strip)
    algorithm.funcs["load"] = binding.inputs[0].in();
  const bool blocks = axis("kb") > 0 && axis("order") == 0;  // each item makes its own channels
  keep_load(algorithm, out, item, task, target, config.at("stage"),
            blocks ? std::max<int64_t>(1, lanes / multiplier) : 0);
  Scheduled scheduled = finish(algorithm, binding);
  if (axis("ahead"))
    prefetch_pixels(scheduled,
                    next_rows(task, s, config, binding.inputs[0].name(), "." + ko.name()));
  return scheduled;
}

}  // namespace

Space conv_depthwise_space() {
  return {"depthwise", 5, serves, axes, legal, initial, packing, apply, nullptr};
}

}  // namespace tenfold::schedules
