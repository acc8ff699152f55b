// pad: the input inside a frame of a constant, of its mirror image (the edge not repeated) or of
// its edge. Negative amounts crop.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

enum Mode { constant = 0, reflect = 1, edge = 2 };

int64_t begin_of(const Task& task, size_t i) {
  return task.attrs.get_int("begin" + std::to_string(i), 0);
}

int64_t end_of(const Task& task, size_t i) {
  return task.attrs.get_int("end" + std::to_string(i), 0);
}

Status check_pad(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 0));
  TENFOLD_CHECK(check_attr(task, "mode", 0, 0, 2));
  const Dims& in = task.inputs[0].dims;
  const bool reflects = task.attrs.get_int("mode", 0) == reflect;
  Dims want = in;
  for (size_t i = 0; i < in.size(); ++i) {
    for (const char* side : {"begin", "end"})
      TENFOLD_CHECK(check_attr(task, side + std::to_string(i), 0, -(1 << 30), 1 << 30));
    want[i] += begin_of(task, i) + end_of(task, i);
    TENFOLD_CHECK(rule(!reflects || std::max(begin_of(task, i), end_of(task, i)) < in[i], task,
                       "reflection by " + std::to_string(begin_of(task, i)) + " and " +
                           std::to_string(end_of(task, i)) + " needs more than " +
                           std::to_string(in[i]) + " elements in dimension " + std::to_string(i)));
  }
  return check_output(task, want);
}

/// out[i] = x[i - begin] inside; outside: value, or x at the mirrored or nearest index.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  Values& out = outputs[0];
  const int64_t mode = task.attrs.get_int("mode", 0);
  Dims from(x.dims.size());
  for_each_index(out.dims, [&](const Dims& at) {
    bool inside = true;
    for (size_t i = 0; i < at.size(); ++i) {
      const int64_t last = x.dims[i] - 1;
      from[i] = at[i] - begin_of(task, i);
      inside = inside && from[i] >= 0 && from[i] <= last;
      if (mode == reflect && from[i] < 0) from[i] = -from[i];
      if (mode == reflect && from[i] > last) from[i] = 2 * last - from[i];
      if (mode == edge) from[i] = std::min(std::max<int64_t>(from[i], 0), last);
    }
    out.data[position(out.dims, at)] =
        inside || mode != constant ? x.data[position(x.dims, from)] : task.attrs.get("value", 0);
  });
}

// Halide's abs of an int is unsigned.
Halide::Expr magnitude(const Halide::Expr& x) {
  return Halide::max(x, -x);
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const Dims& dims = task.inputs[0].dims;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const int64_t mode = task.attrs.get_int("mode", 0);
  std::vector<Halide::Expr> at(vars.size()), inside;
  for (size_t j = 0; j < vars.size(); ++j) {
    const size_t i = vars.size() - 1 - j;
    const int last = static_cast<int>(dims[i] - 1);
    const Halide::Expr from = vars[j] - static_cast<int>(begin_of(task, i));
    at[j] = from;
    if (begin_of(task, i) <= 0 && end_of(task, i) <= 0) continue;
    if (mode == constant) inside.push_back(from >= 0 && from <= last);
    if (mode == reflect) at[j] = last - magnitude(last - magnitude(from));
    at[j] = Halide::clamp(at[j], 0, last);
  }
  Halide::Expr value = anchor_input(task, binding, at);
  const float outside = static_cast<float>(task.attrs.get("value", 0));
  // The value is likely, not the conditions: see docs/halide-traps.md.
  for (const Halide::Expr& condition : inside)
    value = Halide::select(condition, Halide::likely(value), outside);
  finish(result, task, binding, vars, value);
  return result;
}

}  // namespace

Op pad_op() {
  return {"pad", check_pad, no_params, reference, algorithm, no_flops, "begin# end# mode value"};
}

}  // namespace tenfold::dsl
