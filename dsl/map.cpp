// map: the identity, broadcast to the output's dims. All work is in its chain: element-wise
// operators that no anchor has taken up, gates, copies between layouts.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

Status check_map(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 0));
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  bool fits = in.size() <= out.size();
  for (size_t i = 0; fits && i < in.size(); ++i) {
    const int64_t extent = in[in.size() - 1 - i];
    fits = extent == 1 || extent == out[out.size() - 1 - i];
  }
  return rule(fits, task, "x of " + to_string(in) + " does not broadcast to " + to_string(out));
}

/// out[i] = x[i], x's extents of 1 broadcast, ranks aligned to the right.
void reference(const Task&, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  Values& out = outputs[0];
  for_each_index(out.dims, [&](const Dims& at) {
    out.data[position(out.dims, at)] = x.data[position(x.dims, at)];
  });
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const std::vector<Halide::Expr> at = broadcast(task.inputs[0], task.outputs[0], exprs_of(vars));
  finish(result, task, binding, vars, anchor_input(task, binding, at));
  return result;
}

}  // namespace

Op map_op() {
  return {"map", check_map, no_params, reference, algorithm, no_flops};
}

}  // namespace tenfold::dsl
