// Task: one kernel to be made, as plain data. An anchor operator, a chain of functions before and behind it, and
// exactly where its operands lie. Two tasks with equal text are the same kernel, so the text is the record's key.
//
// A Task is target-free and weight-free. Operands come in three kinds, and a kernel's arguments in this order:
//   inputs  (views into activations; inputs[0] is what the anchor reads, further ones belong to the anchor or a Stage)
//   params  (constants: weights, bias, ...; not listed here, they follow from the task, see dsl/op.h `params`)
//   outputs (views; outputs[0] is what the chain's end writes)
#pragma once
#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace tenfold {

/// Pixels around the H and W extents that lie inside the buffer and are zero whenever a kernel reads them.
struct Halo {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  auto operator<=>(const Halo&) const = default;
};

/// A box inside a root buffer. Element (i0, i1, ...) lies at base[offset + sum of i*stride], base being 64-byte
/// aligned. Feature maps have dims {N, H, W, C} whatever their layout: NHWC has strides {.., .., pixel, 1}, a model's
/// own NCHW has {C*H*W, W, 1, H*W}. A dim of extent 1 that is broadcast keeps extent 1. Strides are in elements.
struct View {
  DType type = DType::f32;
  Dims dims;
  Dims strides;
  int64_t offset = 0;
  Halo halo;
  auto operator<=>(const View&) const = default;
};

/// A view of a buffer of its own: row-major, no halo, offset 0.
View dense_view(DType type, Dims dims);

/// The view of a model-owned NCHW buffer, with dims in {N, H, W, C} order.
View nchw_view(DType type, int64_t n, int64_t h, int64_t w, int64_t c);

/// One function of a chain: `kind` is a row of dsl/stage.h's table, `values` its numbers (clip: low, high), `input`
/// the index in Task::inputs of its second operand (add, mul), or -1. Stages that need constants (bias, prelu)
/// take them from the task's params, in the order of the chain.
struct Stage {
  std::string kind;
  std::vector<double> values;
  int input = -1;
  auto operator<=>(const Stage&) const = default;
};

/// Numbers by name. Geometry of windows is kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top,
/// pad_left, pad_bottom, pad_right, groups; other names are stated by the operator.
class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, double>> values) : values_(values) {}
  bool has(const std::string& name) const { return values_.contains(name); }
  double get(const std::string& name, double otherwise) const;
  int64_t get_int(const std::string& name, int64_t otherwise) const;
  void set(const std::string& name, double value) { values_[name] = value; }
  const std::map<std::string, double>& values() const { return values_; }
  auto operator<=>(const Attrs&) const = default;

 private:
  std::map<std::string, double> values_;
};

struct Task {
  std::string op;
  Attrs attrs;
  std::vector<View> inputs;
  std::vector<View> outputs;
  std::vector<Stage> prologue;  // applied to inputs[0] as it is loaded
  std::vector<Stage> epilogue;  // applied to the anchor's result before it is stored
  std::vector<std::vector<Stage>> inner;  // of an anchor of several operators: [i] stands behind its operator i, the
                                          // last of which has the epilogue; without operands, no empty ones at the end
  auto operator<=>(const Task&) const = default;
};

/// One line, canonical: equal tasks have equal text, and parse_task(to_text(t)) == t.
///   conv2d groups=1 kernel_h=3 ... in=f32:1x56x56x64:200704,3584,64,1:0:1,1,1,1 out=... pre=relu do=bias do=add@1 do=clip(0,6)
/// Stages of inner[0] are mid0=bias mid0=relu.
std::string to_text(const Task& task);
Result<Task> parse_task(std::string_view text);

/// Config: one point of a search space, as plain data. `algorithm` names the space; values are integers by axis name.
struct Config {
  std::string algorithm;
  std::map<std::string, int64_t> values;
  /// Precondition: the axis exists.
  int64_t at(const std::string& axis) const;
  auto operator<=>(const Config&) const = default;
};

/// "direct lanes=8 xt=7": canonical, and parse_config(to_text(c)) == c.
std::string to_text(const Config& config);
Result<Config> parse_config(std::string_view text);

/// Shortest text that reads back as the same double, independent of the locale.
std::string number_text(double value);

}  // namespace tenfold
