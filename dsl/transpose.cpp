// transpose: a copy with its dimensions in another order.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

std::string perm_name(size_t i) {
  return "perm" + std::to_string(i);
}

size_t perm_of(const Task& task, size_t i) {
  return static_cast<size_t>(task.attrs.get_int(perm_name(i), static_cast<int64_t>(i)));
}

Status check_transpose(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 0));
  const Dims& in = task.inputs[0].dims;
  const size_t rank = in.size();
  TENFOLD_CHECK(rule(task.outputs[0].dims.size() == rank, task, "rank must not change"));
  std::vector<bool> seen(rank, false);
  Dims want(rank);
  for (size_t i = 0; i < rank; ++i) {
    TENFOLD_CHECK(
        check_attr(task, perm_name(i), static_cast<double>(i), 0, static_cast<int64_t>(rank) - 1));
    TENFOLD_CHECK(rule(!seen[perm_of(task, i)], task,
                       "perm names dimension " + std::to_string(perm_of(task, i)) + " twice"));
    seen[perm_of(task, i)] = true;
    want[i] = in[perm_of(task, i)];
  }
  return check_output(task, want);
}

/// out[i0, i1, ...] = x[j], j[perm_d] = i_d.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  Values& out = outputs[0];
  Dims from(x.dims.size());
  for_each_index(out.dims, [&](const Dims& at) {
    for (size_t i = 0; i < at.size(); ++i) from[perm_of(task, i)] = at[i];
    out.data[position(out.dims, at)] = x.data[position(x.dims, from)];
  });
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const size_t rank = vars.size();
  std::vector<Halide::Expr> at(rank);
  for (size_t i = 0; i < rank; ++i) at[rank - 1 - perm_of(task, i)] = vars[rank - 1 - i];
  finish(result, task, binding, vars, anchor_input(task, binding, at));
  return result;
}

}  // namespace

Op transpose_op() {
  return {"transpose", check_transpose, no_params, reference, algorithm, no_flops, "perm#"};
}

}  // namespace tenfold::dsl
