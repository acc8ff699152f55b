// gather_channels: channels in the shuffled order, for the places where nothing can absorb the
// permutation. Source: Zhang et al. 2018, ShuffleNet, section 3.1.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

Status check_gather(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  const int64_t channels = task.inputs[0].dims[3];
  TENFOLD_CHECK(check_attr(task, "groups", 1, 1, channels));
  const int64_t groups = task.attrs.get_int("groups", 1);
  TENFOLD_CHECK(rule(channels % groups == 0, task,
                     std::to_string(channels) + " channels do not divide into " +
                         std::to_string(groups) + " groups"));
  return check_output(task, task.inputs[0].dims);
}

/// out[n,y,x,j*groups + g] = x[n,y,x,g*(C/groups) + j].
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  const int64_t channels = x.dims[3], groups = task.attrs.get_int("groups", 1);
  const int64_t per_group = channels / groups;
  for (size_t pixel = 0; pixel < x.data.size(); pixel += channels)
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t j = 0; j < per_group; ++j)
        outputs[0].data[pixel + j * groups + g] = x.data[pixel + g * per_group + j];
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const int groups = static_cast<int>(task.attrs.get_int("groups", 1));
  const int per_group = static_cast<int>(task.inputs[0].dims[3]) / groups;
  std::vector<Halide::Expr> at = exprs_of(vars);
  at[0] = (vars[0] % groups) * per_group + vars[0] / groups;
  finish(result, task, binding, vars, anchor_input(task, binding, at));
  return result;
}

}  // namespace

Op gather_channels_op() {
  return {"gather_channels", check_gather, no_params, reference, algorithm, no_flops, "groups"};
}

}  // namespace tenfold::dsl
