#include "dsl/conv2d_direct_halide.h"
#include "dsl/window.h"

namespace tenfold::dsl {
namespace {

using Halide::Expr;

int whole(int64_t value) {
  return static_cast<int>(value);
}

struct Pixel {
  Expr x, y, n;
};

/// What all forms are made of.
struct Parts {
  const Task& task;
  const Binding& binding;
  Window w;
  Halide::RDom taps;    // c, s, r
  bool masked = false;  // set by what makes `load`
  Halide::Func load;

  Parts(const Task& of, const Binding& bound)
      : task(of),
        binding(bound),
        w(window_of(of.attrs)),
        taps({{0, whole(of.inputs[0].dims[3])}, {0, whole(w.kernel_w)}, {0, whole(w.kernel_h)}},
             "taps"),
        load(padded_load(of, bound, window_reach(of), &masked)) {}

  Expr in_x(const Expr& x) const {
    return x * whole(w.stride_w) + taps[1] * whole(w.dilation_w) - whole(w.pad_left);
  }
  Expr in_y(const Expr& y) const {
    return y * whole(w.stride_h) + taps[2] * whole(w.dilation_h) - whole(w.pad_top);
  }
  Expr weight(const Expr& k) const { return binding.param_at(0, {k, taps[0], taps[2], taps[1]}); }
  Expr product(const Expr& k, const Pixel& at) const {
    return load(taps[0], in_x(at.x), in_y(at.y), at.n) * weight(k);
  }
  Expr finished(const Expr& sum, const Expr& k, const Pixel& at) const {
    return apply_chain(task.epilogue, sum, {k, at.x, at.y, at.n}, task, binding,
                       first_epilogue_param(task));
  }
  Algorithm without_load(Halide::Func out, const Halide::Func& acc) const {
    constrain_output(out, task.outputs[0]);
    return {.funcs = {{"out", out}, {"acc", acc}}, .reduction = taps, .outputs = {out}};
  }
  Algorithm algorithm(const Halide::Func& out, const Halide::Func& acc) const {
    Algorithm result = without_load(out, acc);
    if (masked || !task.prologue.empty()) result.funcs["load"] = load;
    return result;
  }
};

/// Tiles along a side, each inside one run.
class TileStarts {
 public:
  TileStarts(std::vector<TapRun> runs, int tile) : runs_(std::move(runs)), tile_(tile) {
    for (const TapRun& run : runs_) ends_.push_back(count() + whole((run.count - 1) / tile + 1));
  }

  int count() const { return ends_.empty() ? 0 : ends_.back(); }

  /// The first output of tile t.
  Expr of(const Expr& t) const {
    Expr start;
    for (size_t i = runs_.size(); i-- > 0;) {
      const int first = whole(runs_[i].first), extent = whole(runs_[i].count);
      // Clamped for other tiles too, which Halide takes into account.
      const Expr at = Halide::clamp((t - (i > 0 ? ends_[i - 1] : 0)) * tile_, 0, extent - tile_);
      start = start.defined() ? Halide::select(t < ends_[i], first + at, start) : first + at;
    }
    return start;
  }

 private:
  std::vector<TapRun> runs_;
  int tile_;
  std::vector<int> ends_;
};

}  // namespace

Algorithm direct_conv2d(const Task& task, const Binding& binding, const SkipTiles& skip) {
  Parts parts(task, binding);
  Halide::Var k("k"), x("x"), y("y"), n("n");
  // A tile reads from where its first pixel does to where its last one does.
  if (skip.width > 0) {
    const Expr first = x / skip.width * skip.width;
    parts.taps.where(parts.in_x(first + (skip.width - 1)) >= 0 &&
                     parts.in_x(first) < whole(task.inputs[0].dims[2]));
  }
  if (skip.height > 0) {
    const Expr first = y / skip.height * skip.height;
    parts.taps.where(parts.in_y(first + (skip.height - 1)) >= 0 &&
                     parts.in_y(first) < whole(task.inputs[0].dims[1]));
  }
  Halide::Func acc("acc"), out("out");
  acc(k, x, y, n) = 0.0f;
  acc(k, x, y, n) += parts.product(k, {x, y, n});
  out(k, x, y, n) = parts.finished(acc(k, x, y, n), k, {x, y, n});
  return parts.algorithm(out, acc);
}

LineConv line_conv2d(const Task& task, const Binding& binding) {
  const Parts parts(task, binding);
  const Dims& dims = task.outputs[0].dims;
  const int width = whole(dims[2]), height = whole(dims[1]);
  const auto pixel_at = [&](const Expr& p) {
    if (dims[0] == 1) return Pixel{p % width, p / width, 0};
    return Pixel{p % width, p / width % height, p / (width * height)};
  };
  Halide::RDom pixels({{0, whole(dims[0]) * width * height}}, "pixels");
  Halide::Var k("k"), p("p"), x("x"), y("y"), n("n");
  Halide::Func acc("acc"), out("out");
  acc(k, p) = 0.0f;
  acc(k, p) += parts.product(k, pixel_at(p));
  const Pixel to = pixel_at(pixels[0]);
  out(k, x, y, n) = Halide::undef<float>();
  out(k, to.x, to.y, to.n) = parts.finished(acc(k, pixels[0]), k, to);
  return {parts.algorithm(out, acc), pixels};
}

RegionConv region_conv2d(const Task& task, const Binding& binding, int width, int height) {
  Parts parts(task, binding);
  const Dims& in = task.inputs[0].dims;
  const TileStarts across(tap_runs_across(task), width), down(tap_runs_down(task), height);
  Halide::RDom pixels({{0, width}, {0, height}, {0, across.count()}, {0, down.count()}}, "pixels");
  Halide::Var k("k"), x("x"), y("y"), n("n"), xi("xi"), yi("yi"), tx("tx"), ty("ty");

  // Inside the image for one pixel of a tile is inside for all.
  const auto inside = [&](const Expr& at, int64_t extent) { return at >= 0 && at < whole(extent); };
  parts.taps.where(inside(parts.in_x(across.of(tx)), in[2]));
  parts.taps.where(inside(parts.in_y(down.of(ty)), in[1]));
  const auto known_inside = [](const Expr& at, int64_t extent) {
    return Halide::unsafe_promise_clamped(at, 0, whole(extent) - 1);
  };
  const Expr from_x = known_inside(parts.in_x(across.of(tx) + xi), in[2]),
             from_y = known_inside(parts.in_y(down.of(ty) + yi), in[1]);
  Halide::Func acc("acc"), out("out");
  acc(k, xi, yi, tx, ty, n) = 0.0f;
  acc(k, xi, yi, tx, ty, n) +=
      binding.inputs[0](parts.taps[0], from_x, from_y, n) * parts.weight(k);
  const Pixel to{across.of(pixels[2]) + pixels[0], down.of(pixels[3]) + pixels[1], n};
  out(k, x, y, n) = Halide::undef<float>();
  out(k, to.x, to.y, n) =
      parts.finished(acc(k, pixels[0], pixels[1], pixels[2], pixels[3], n), k, to);
  return {parts.without_load(out, acc), pixels, across.count(), down.count()};
}

}  // namespace tenfold::dsl
