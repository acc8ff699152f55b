#include "dsl/pool_window.h"

#include "dsl/rules.h"

namespace tenfold::dsl {
namespace {

constexpr int64_t most = 1 << 20;  // far beyond any pixel, and no product of two overflows

PoolSide side(const Task& task, int dim, const std::string& suffix, const char* before,
              const char* after) {
  const Attrs& attrs = task.attrs;
  return {.in = task.inputs[0].dims[dim],
          .out = task.outputs[0].dims[dim],
          .kernel = attrs.get_int("kernel_" + suffix, 1),
          .stride = attrs.get_int("stride_" + suffix, 1),
          .dilation = attrs.get_int("dilation_" + suffix, 1),
          .before = attrs.get_int(before, 0),
          .after = attrs.get_int(after, 0),
          .ceil = attrs.get_int("ceil_" + suffix, 0)};
}

Status check_side(const Task& task, const PoolSide& s, const std::string& name) {
  const int64_t reach = s.dilation * (s.kernel - 1) + 1;
  const int64_t padded = s.in + s.before + s.after;
  TENFOLD_CHECK(rule(s.in <= most, task, name + " of the input is too large"));
  TENFOLD_CHECK(rule(reach <= padded, task,
                     "window " + name + " " + std::to_string(reach) +
                         " exceeds the padded input's " + std::to_string(padded)));
  TENFOLD_CHECK(rule(s.before < reach, task,
                     "padding " + std::to_string(s.before) + " must be less than the window's " +
                         name + " " + std::to_string(reach)));
  TENFOLD_CHECK(rule(s.ceil <= s.after, task, "ceil pixels exceed the padding"));
  const int64_t want = (padded - reach) / s.stride + 1;
  TENFOLD_CHECK(rule(s.out == want, task,
                     "the output's " + name + " must be " + std::to_string(want) + ", is " +
                         std::to_string(s.out)));
  return rule((s.out - 1) * s.stride - s.before < s.in, task,
              "the last window lies in the padding alone");
}

}  // namespace

bool PoolSide::inside() const {
  return before == 0 && (out - 1) * stride + (kernel - 1) * dilation < in;
}

PoolSide pool_height(const Task& task) {
  return side(task, 1, "h", "pad_top", "pad_bottom");
}
PoolSide pool_width(const Task& task) {
  return side(task, 2, "w", "pad_left", "pad_right");
}

Status check_pool(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  for (const char* axis : {"h", "w"}) {
    for (const char* name : {"kernel_", "stride_", "dilation_"})
      TENFOLD_CHECK(check_attr(task, std::string(name) + axis, 1, 1, most));
    TENFOLD_CHECK(check_attr(task, std::string("ceil_") + axis, 0, 0, most));
  }
  for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"})
    TENFOLD_CHECK(check_attr(task, name, 0, 0, most));
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  TENFOLD_CHECK(
      rule(in[0] == out[0] && in[3] == out[3], task,
           "batch and channels must not change: " + to_string(in) + " to " + to_string(out)));
  TENFOLD_CHECK(check_side(task, pool_height(task), "height"));
  return check_side(task, pool_width(task), "width");
}

}  // namespace tenfold::dsl
