// gather: slices along one dimension in any order, some of them often, others never. The order is a
// constant, as CondenseNet's learned groups have it (Huang et al. 2018, section 3.1).
#include "dsl/gather.h"

#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

size_t axis_of(const Task& task) {
  return static_cast<size_t>(task.attrs.get_int("axis", 0));
}

Status check_gather(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 0));
  const auto rank = static_cast<int64_t>(task.inputs[0].dims.size());
  TENFOLD_CHECK(rule(rank > 0, task, "a scalar has no dimension to gather along"));
  TENFOLD_CHECK(check_attr(task, "axis", 0, 0, rank - 1));
  TENFOLD_CHECK(rule(task.inputs[0].dims[axis_of(task)] <= most_indexed, task,
                     "indices are float32, exact up to 2^24"));
  TENFOLD_CHECK(rule(static_cast<int64_t>(task.outputs[0].dims.size()) == rank, task,
                     "rank must not change"));
  Dims want = task.inputs[0].dims;
  want[axis_of(task)] = task.outputs[0].dims[axis_of(task)];
  return check_output(task, want);
}

std::vector<Param> params_of(const Task& task) {
  const size_t axis = axis_of(task);
  return {{"index", {task.outputs[0].dims[axis]}, task.inputs[0].dims[axis]}};
}

/// out[..., i, ...] = x[..., index[i], ...]; an index beyond either end means that end.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values> params,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  Values& out = outputs[0];
  const size_t axis = axis_of(task);
  const auto last = static_cast<double>(x.dims[axis] - 1);
  Dims from;
  for_each_index(out.dims, [&](const Dims& at) {
    from = at;
    const double index = params[0].data[static_cast<size_t>(at[axis])];
    from[axis] = static_cast<int64_t>(std::min(std::max(index, 0.0), last));
    out.data[position(out.dims, at)] = x.data[position(x.dims, from)];
  });
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const size_t j = vars.size() - 1 - axis_of(task);
  const int last = static_cast<int>(task.inputs[0].dims[axis_of(task)]) - 1;
  std::vector<Halide::Expr> at = exprs_of(vars);
  at[j] = Halide::clamp(Halide::cast<int>(binding.param_at(0, {vars[j]})), 0, last);
  finish(result, task, binding, vars, anchor_input(task, binding, at));
  return result;
}

}  // namespace

Op gather_op() {
  return {"gather", check_gather, params_of, reference, algorithm, no_flops, "axis"};
}

}  // namespace tenfold::dsl
