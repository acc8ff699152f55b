// Families of pools, resampling, normalisations, reductions, copies and element-wise chains.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "dsl/stage.h"
#include "tests/problems_families.h"

namespace tenfold::testing_support {
namespace {

Dims feature_map(Random& random) {
  return {random.batch(), random.pixels(), random.pixels(), random.channels()};
}

Dims any_rank(Random& random, int64_t most = 5) {
  Dims dims;
  for (int64_t rank = random.between(1, most); rank > 0; --rank)
    dims.push_back(random.pick({1, 2, 3, 4, 5, 7, 8, 11, 13, 16}));
  while (*volume(dims) > 20000) *std::max_element(dims.begin(), dims.end()) /= 2;
  return dims;
}

Problem over(const char* op, const Dims& in, const Dims& out, Random& random) {
  Problem problem;
  problem.task.op = op;
  problem.task.inputs = {random_view(in, random)};
  problem.task.outputs = {random_view(out, random)};
  return problem;
}

void maybe_stages(Problem& problem, Random& random) {
  const Values values = problem.exact ? Values::integers : Values::unit;
  if (random.chance(20)) add_prologue(problem.task, values, 1, random);
  if (random.chance(50)) add_epilogue(problem.task, values, 2, random);
}

}  // namespace

Problem draw_pool(Random& random) {
  const Dims in = feature_map(random);
  if (random.chance(20)) {
    Problem problem =
        over(random.pick({"global_avg_pool", "global_max_pool"}), in, {in[0], 1, 1, in[3]}, random);
    problem.exact = problem.task.op == "global_max_pool";
    maybe_stages(problem, random);
    return problem;
  }
  RandomWindow window;
  window.kernel_h = random.between(1, 4), window.kernel_w = random.between(1, 4);
  window.stride_h = random.between(1, 3), window.stride_w = random.between(1, 3);
  if (random.chance(25)) window.dilation_h = window.dilation_w = 2;
  window.draw_pads(random);
  const char* op =
      random.pick({"max_pool2d", "max_pool2d", "avg_pool2d", "avg_pool2d", "lp_pool2d"});
  // Ceil mode: one more output along a side, whose window overhangs the padding.
  int64_t ceil_h = 0, ceil_w = 0;
  const auto overhang = [&](int64_t in_extent, int64_t kernel, int64_t stride, int64_t dilation,
                            int64_t before, int64_t& after, int64_t& ceil) {
    const int64_t rest = (in_extent + before + after - dilation * (kernel - 1) - 1) % stride;
    if (rest <= 0) return;
    ceil = stride - rest;
    after += ceil;
  };
  if (random.chance(30)) {
    overhang(in[1], window.kernel_h, window.stride_h, window.dilation_h, window.pad_top,
             window.pad_bottom, ceil_h);
    overhang(in[2], window.kernel_w, window.stride_w, window.dilation_w, window.pad_left,
             window.pad_right, ceil_w);
  }
  Problem problem = over(op, in, {in[0], window.out_h(in[1]), window.out_w(in[2]), in[3]}, random);
  window.set(problem.task.attrs);
  if (problem.task.op == "avg_pool2d") {
    problem.task.attrs.set("ceil_h", static_cast<double>(ceil_h));
    problem.task.attrs.set("ceil_w", static_cast<double>(ceil_w));
    problem.task.attrs.set("count_include_pad", static_cast<double>(random.between(0, 1)));
  }
  if (problem.task.op == "lp_pool2d") problem.task.attrs.set("p", random.pick({1.0, 2.0, 3.0}));
  problem.exact = problem.task.op == "max_pool2d";
  if (problem.task.inputs[0].strides[3] == 1 && random.chance(25))
    add_halo(problem.task.inputs[0], {1, 1, 2, 1}, random);
  maybe_stages(problem, random);
  return problem;
}

Problem draw_resize(Random& random) {
  const Dims in{random.batch(), random.between(1, 9), random.between(1, 9), random.channels()};
  const double scale_h = random.pick({2.0, 2.0, 3.0, 4.0, 0.5, 1.5, 2.5, 1.0, 0.6, 8.0});
  const double scale_w = random.chance(60) ? scale_h : random.pick({1.0, 2.0, 0.5, 1.25, 3.0});
  const auto scaled = [](int64_t extent, double scale) {
    return static_cast<int64_t>(std::floor(static_cast<double>(extent) * scale));
  };
  Problem problem =
      over("resize2d", in, {in[0], scaled(in[1], scale_h), scaled(in[2], scale_w), in[3]}, random);
  const int64_t mode = random.between(0, 2);
  Attrs& attrs = problem.task.attrs;
  attrs.set("mode", static_cast<double>(mode));
  attrs.set("coordinate", static_cast<double>(random.between(0, 5)));
  attrs.set("nearest", static_cast<double>(random.between(0, 3)));
  attrs.set("scale_h", scale_h);
  attrs.set("scale_w", scale_w);
  if (mode == 2) {
    attrs.set("cubic_a", random.pick({-0.75, -0.5}));
    attrs.set("exclude_outside", static_cast<double>(random.between(0, 1)));
  }
  problem.exact = mode == 0;
  maybe_stages(problem, random);
  return problem;
}

Problem draw_softmax(Random& random) {
  const Dims in = random.chance(30) ? Dims{random.between(1, 3), random.pick({100, 257, 1000})}
                                    : any_rank(random, 4);
  Problem problem = over("softmax", in, in, random);
  problem.task.attrs.set(
      "axis", static_cast<double>(random.between(0, static_cast<int64_t>(in.size()) - 1)));
  problem.task.attrs.set("log", static_cast<double>(random.between(0, 1)));
  if (random.chance(25)) problem.task.prologue.push_back({"affine", {4, -1}, -1});
  return problem;
}

Problem draw_lrn(Random& random) {
  const Dims in = feature_map(random);
  Problem problem = over("lrn", in, in, random);
  Attrs& attrs = problem.task.attrs;
  attrs.set("size", static_cast<double>(random.between(1, 7)));
  attrs.set("alpha", random.pick({1e-4, 2e-5, 0.5}));
  attrs.set("beta", random.pick({0.75, 0.5, 0.6}));
  attrs.set("bias", random.pick({1.0, 2.0}));
  maybe_stages(problem, random);
  return problem;
}

Problem draw_norm(Random& random) {
  const bool layer = random.chance(50), group = !layer && random.chance(50);
  const Dims in = layer ? any_rank(random, 4) : feature_map(random);
  Problem problem = over(layer   ? "layer_norm"
                         : group ? "group_norm"
                                 : "instance_norm",
                         in, in, random);
  if (group) {
    int64_t groups = random.between(1, in[3]);
    while (in[3] % groups != 0) --groups;
    problem.task.attrs.set("groups", static_cast<double>(groups));
  }
  if (layer)
    problem.task.attrs.set(
        "axis", static_cast<double>(random.between(0, static_cast<int64_t>(in.size()) - 1)));
  // One or two elements that hardly differ would be divided by nearly nothing.
  problem.task.attrs.set("epsilon", random.pick({1e-2, 1e-1}));
  if (random.chance(40)) add_epilogue(problem.task, Values::unit, 1, random);
  return problem;
}

Problem draw_reduce(Random& random) {
  const Dims in = any_rank(random, 5);
  const int64_t kind = random.between(0, 9);
  const bool place = kind >= 8;
  const auto rank = static_cast<int64_t>(in.size());
  const int64_t axes = place ? int64_t{1} << random.between(0, rank - 1)
                             : random.between(1, (int64_t{1} << rank) - 1);
  Dims out = in;
  for (size_t d = 0; d < out.size(); ++d)
    if (axes >> d & 1) out[d] = 1;
  Problem problem = over("reduce", in, out, random);
  problem.task.attrs.set("axes", static_cast<double>(axes));
  problem.task.attrs.set("kind", static_cast<double>(kind));
  if (place) problem.task.attrs.set("last", random.chance(50) ? 1 : 0);
  problem.exact = kind == 0 || kind == 2 || kind == 3 || kind == 5 || kind == 7 || place;
  if (kind != 4) maybe_stages(problem, random);
  return problem;
}

Problem draw_pad(Random& random) {
  const Dims in = random.chance(50) ? feature_map(random) : any_rank(random, 5);
  const int64_t mode = random.between(0, 2);
  Dims out = in;
  Attrs attrs;
  for (size_t d = 0; d < in.size(); ++d) {
    const auto width = [&] {
      const int64_t most = mode == 1 ? std::min<int64_t>(in[d] - 1, 4) : 4;
      return random.chance(50) ? 0 : random.between(std::max<int64_t>(-1, 1 - in[d]), most);
    };
    const int64_t begin = width(), end = width();
    attrs.set("begin" + std::to_string(d), static_cast<double>(begin));
    attrs.set("end" + std::to_string(d), static_cast<double>(end));
    out[d] += begin + end;
    if (out[d] < 1) return {};
  }
  Problem problem = over("pad", in, out, random);
  problem.task.attrs = attrs;
  problem.task.attrs.set("mode", static_cast<double>(mode));
  if (mode == 0) problem.task.attrs.set("value", random.pick({0.0, 0.0, -3.0}));
  problem.exact = true;
  maybe_stages(problem, random);
  return problem;
}

Problem draw_transpose(Random& random) {
  const Dims in = random.chance(50) ? feature_map(random) : any_rank(random, 6);
  std::vector<size_t> perm(in.size());
  std::iota(perm.begin(), perm.end(), 0);
  for (size_t i = perm.size(); i > 1; --i)
    std::swap(perm[i - 1], perm[random.between(0, static_cast<int64_t>(i) - 1)]);
  Dims out;
  for (const size_t from : perm) out.push_back(in[from]);
  Problem problem = over("transpose", in, out, random);
  for (size_t i = 0; i < perm.size(); ++i)
    problem.task.attrs.set("perm" + std::to_string(i), static_cast<double>(perm[i]));
  problem.exact = true;
  maybe_stages(problem, random);
  return problem;
}

Problem draw_shuffle(Random& random) {
  const int64_t groups = random.pick({1, 2, 3, 4, 5, 8}), each = random.between(1, 13);
  const Dims in{random.batch(), random.pixels(), random.pixels(), groups * each};
  Problem problem = over("gather_channels", in, in, random);
  problem.task.attrs.set("groups", static_cast<double>(groups));
  problem.exact = true;
  maybe_stages(problem, random);
  return problem;
}

Problem draw_gather(Random& random) {
  const Dims in = random.chance(60) ? feature_map(random) : any_rank(random, 5);
  const int64_t last = static_cast<int64_t>(in.size()) - 1;
  const int64_t axis = random.chance(50) ? last : random.between(0, last);
  Dims out = in;
  if (random.chance(60)) out[axis] = random.between(1, 2 * in[axis] + 3);
  Problem problem = over("gather", in, out, random);
  problem.task.attrs.set("axis", static_cast<double>(axis));
  problem.exact = true;
  maybe_stages(problem, random);
  return problem;
}

// Every kind of stage comes by. Those that have a pole, or amplify an error, come one at a time.
Problem draw_map(Random& random) {
  const Dims out = random.chance(60) ? feature_map(random) : any_rank(random, 6);
  Dims in = out;
  if (random.chance(25))
    for (int64_t& extent : in)
      if (random.chance(40)) extent = 1;
  Problem problem = over("map", in, out, random);
  Task& task = problem.task;
  if (random.chance(40)) {
    problem.exact = true;
    add_epilogue(task, Values::integers, 4, random);
    return problem;
  }
  const std::span<const dsl::StageKind> kinds = dsl::stage_kinds();
  const dsl::StageKind& kind = kinds[random.between(0, static_cast<int64_t>(kinds.size()) - 1)];
  Stage stage{kind.name, {}, -1};
  for (int i = 0; i < kind.value_count; ++i)
    stage.values.push_back(i == 0 ? random.pick({-0.5, 0.25, 0.5, 2.0}) : 1.5);
  if (kind.needs == dsl::StageNeeds::operand) {
    stage.input = 1;
    task.inputs.push_back(random_view(out, random));
  }
  task.epilogue.push_back(stage);
  // A step function after a rounded value may fall on either side: its input comes unchanged.
  const std::string name = kind.name;
  if (name != "floor" && name != "ceil" && name != "round")
    add_epilogue(task, Values::unit, 2, random);
  return problem;
}

}  // namespace tenfold::testing_support
