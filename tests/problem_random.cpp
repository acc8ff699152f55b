#include "tests/problem_random.h"

#include <algorithm>

#include "dsl/window.h"

namespace tenfold::testing_support {
namespace {

/// Row-major with `slack` elements after some dims, beginning `offset` after the root.
View spaced_view(const Dims& dims, Random& random) {
  View view = dense_view(DType::f32, dims);
  int64_t stride = 1;
  for (size_t d = dims.size(); d-- > 0;) {
    view.strides[d] = stride;
    stride = stride * dims[d] + (random.chance(50) ? random.pick({1, 3, 4, 8, 16}) : 0);
  }
  view.offset = random.pick({0, 1, 4, 5, 8, 16});
  return view;
}

View operand_view(const Dims& onto, Random& random) {
  Dims dims = onto;
  if (dims.size() == 4 && random.chance(40)) {
    const int64_t which = random.between(0, 3);
    if (which == 0) dims[1] = dims[2] = 1;      // a channel gate
    if (which == 1) dims[3] = 1;                // a spatial gate
    if (which == 2) dims = {1, 1, 1, dims[3]};  // one number a channel
    if (which == 3) dims[0] = 1;                // the same for every image
  } else if (random.chance(20)) {
    for (int64_t& extent : dims)
      if (random.chance(50)) extent = 1;
    if (random.chance(50) && dims.size() > 1) dims.erase(dims.begin());
  }
  return random_view(dims, random);
}

void add_operand_stage(Task& task, std::vector<Stage>& chain, const View& onto, const char* kind,
                       Random& random) {
  chain.push_back({kind, {}, static_cast<int>(task.inputs.size())});
  // Often exactly where the output lies, as a residual that is summed in place.
  View same = onto;
  same.halo = {};
  task.inputs.push_back(random.chance(30) && onto.halo == Halo{} ? same
                                                                 : operand_view(onto.dims, random));
}

Stage integer_function(Random& random) {
  switch (random.between(0, 8)) {
    case 0:
      return {"clip", {-2, 6}, -1};
    case 1:
      return {"affine", {random.pick({-1.0, 2.0}), random.pick({0.0, 3.0})}, -1};
    case 2:
      return {"leaky_relu", {0.5}, -1};
    case 3:
      return {"abs", {}, -1};
    case 4:
      return {"neg", {}, -1};
    case 5:
      return {random.pick({"floor", "ceil", "round"}), {}, -1};
    default:
      return {"relu", {}, -1};
  }
}

Stage unit_function(Random& random) {
  switch (random.between(0, 9)) {
    case 0:
      return {"clip", {0, 6}, -1};
    case 1:
      return {"affine", {0.5, -0.25}, -1};
    case 2:
      return {"leaky_relu", {0.1}, -1};
    case 3:
      return {"elu", {0.75}, -1};
    case 4:
      return {"hard_sigmoid", {0.2, 0.5}, -1};
    case 5:
      return {"relu", {}, -1};
    default:
      return {random.pick({"sigmoid", "tanh", "silu", "hard_swish", "mish", "gelu", "gelu_tanh",
                           "erf", "selu", "softplus"}),
              {},
              -1};
  }
}

void add_stage(Task& task, std::vector<Stage>& chain, Values values, bool before, Random& random) {
  const View onto = before ? task.inputs[0] : task.outputs[0];
  switch (random.between(0, 6)) {
    case 0:
    case 1:
      return chain.push_back(
          {random.pick({"bias", "bias", "scale", "prelu", "scale_shift"}), {}, -1});
    case 2:
    case 3:
      return add_operand_stage(task, chain, onto,
                               random.pick({"add", "add", "sub", "mul", "max", "min", "rsub"}),
                               random);
    default:
      return chain.push_back(values == Values::integers ? integer_function(random)
                                                        : unit_function(random));
  }
}

}  // namespace

View random_view(const Dims& dims, Random& random) {
  if (random.chance(50)) return dense_view(DType::f32, dims);
  if (dims.size() == 4 && random.chance(40))
    return nchw_view(DType::f32, dims[0], dims[1], dims[2], dims[3]);
  return spaced_view(dims, random);
}

void add_halo(View& view, const Halo& reach, Random& random) {
  const bool whole = random.chance(70);
  const auto side = [&](int64_t width) { return whole ? width : random.between(0, width); };
  const Halo halo{side(reach.top), side(reach.left), side(reach.bottom), side(reach.right)};
  // Pixels keep their spacing; rows and images grow by the halo.
  const int64_t pixel = std::max(view.strides[2], view.strides[3] * view.dims[3]);
  const int64_t row = (view.dims[2] + halo.left + halo.right) * pixel;
  const int64_t image = (view.dims[1] + halo.top + halo.bottom) * row;
  view.strides = {image, row, pixel, 1};
  view.offset += halo.top * row + halo.left * pixel;
  view.halo = halo;
}

void add_epilogue(Task& task, Values values, int most, Random& random) {
  for (int64_t count = random.between(0, most); count > 0; --count)
    add_stage(task, task.epilogue, values, false, random);
}

void add_prologue(Task& task, Values values, int most, Random& random) {
  for (int64_t count = random.between(0, most); count > 0; --count)
    add_stage(task, task.prologue, values, true, random);
}

void RandomWindow::draw_pads(Random& random) {
  const int64_t reach_h = dilation_h * (kernel_h - 1), reach_w = dilation_w * (kernel_w - 1);
  switch (random.between(0, 2)) {
    case 0:
      return;
    case 1:
      pad_top = pad_bottom = reach_h / 2;
      pad_left = pad_right = reach_w / 2;
      return;
    default:
      pad_top = random.between(0, reach_h);
      pad_bottom = random.between(0, reach_h);
      pad_left = random.between(0, reach_w);
      pad_right = random.between(0, reach_w);
  }
}

void RandomWindow::set(Attrs& attrs) const {
  const std::pair<const char*, int64_t> values[] = {
      {"kernel_h", kernel_h},  {"kernel_w", kernel_w},     {"stride_h", stride_h},
      {"stride_w", stride_w},  {"dilation_h", dilation_h}, {"dilation_w", dilation_w},
      {"pad_top", pad_top},    {"pad_left", pad_left},     {"pad_bottom", pad_bottom},
      {"pad_right", pad_right}};
  for (const auto& [name, value] : values) attrs.set(name, static_cast<double>(value));
}

int64_t RandomWindow::out_h(int64_t in) const {
  return dsl::window_extent(in, kernel_h, stride_h, dilation_h, pad_top, pad_bottom);
}
int64_t RandomWindow::out_w(int64_t in) const {
  return dsl::window_extent(in, kernel_w, stride_w, dilation_w, pad_left, pad_right);
}

}  // namespace tenfold::testing_support
