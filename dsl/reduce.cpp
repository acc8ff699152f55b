// reduce, global_avg_pool and global_max_pool: one number from every element along some dimensions,
// which keep extent 1. Funcs: "acc" over the reduced dimensions, innermost of the view first; its
// variables are the output's.
#include <cmath>
#include <limits>

#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

enum Kind { sum, mean, max, min, product, l1, l2, sum_of_squares };
constexpr float lowest = std::numeric_limits<float>::lowest();

Kind kind_of(const Task& task) {
  if (task.op == "global_avg_pool") return mean;
  if (task.op == "global_max_pool") return max;
  return static_cast<Kind>(task.attrs.get_int("kind", 0));
}

/// Bit i: dim i of the view is reduced.
int64_t axes_of(const Task& task) {
  return task.op == "reduce" ? task.attrs.get_int("axes", 0) : 0b0110;
}

Dims reduced_dims(const Task& task) {
  Dims dims = task.inputs[0].dims;
  for (size_t i = 0; i < dims.size(); ++i)
    if (axes_of(task) >> i & 1) dims[i] = 1;
  return dims;
}

double elements_each(const Task& task) {
  return static_cast<double>(*volume(task.inputs[0].dims)) /
         static_cast<double>(*volume(task.outputs[0].dims));
}

Status check_reduce(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 0));
  TENFOLD_CHECK(check_attr(task, "kind", 0, sum, sum_of_squares));
  const int64_t rank = static_cast<int64_t>(task.inputs[0].dims.size());
  TENFOLD_CHECK(rule(rank <= 8, task, "more than 8 dimensions"));
  TENFOLD_CHECK(check_attr(task, "axes", 0, 1, (int64_t{1} << rank) - 1));
  return check_output(task, reduced_dims(task));
}

Status check_global_pool(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  return check_output(task, reduced_dims(task));
}

/// out = f(x_0, ..., x_m-1) over the reduced elements: their sum, mean, maximum, minimum, product,
/// sum |x|, sqrt(sum x^2), sum x^2.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  Values& out = outputs[0];
  const Kind kind = kind_of(task);
  const double first = kind == max       ? -std::numeric_limits<double>::infinity()
                       : kind == min     ? std::numeric_limits<double>::infinity()
                       : kind == product ? 1.0
                                         : 0.0;
  for (double& value : out.data) value = first;
  for_each_index(x.dims, [&](const Dims& at) {
    const double value = x.data[position(x.dims, at)];
    double& to = out.data[position(out.dims, at)];
    switch (kind) {
      case sum:
      case mean:
        to += value;
        break;
      case max:
        to = std::max(to, value);
        break;
      case min:
        to = std::min(to, value);
        break;
      case product:
        to *= value;
        break;
      case l1:
        to += std::abs(value);
        break;
      case l2:
      case sum_of_squares:
        to += value * value;
        break;
    }
  });
  for (double& value : out.data) {
    if (kind == mean) value /= elements_each(task);
    if (kind == l2) value = std::sqrt(value);
  }
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const Dims& dims = task.inputs[0].dims;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const Kind kind = kind_of(task);

  std::vector<Halide::Range> ranges;
  for (size_t j = 0; j < vars.size(); ++j)
    if (const size_t i = vars.size() - 1 - j; axes_of(task) >> i & 1)
      ranges.emplace_back(0, static_cast<int>(dims[i]));
  result.reduction = Halide::RDom(ranges, "r");
  std::vector<Halide::Expr> at = exprs_of(vars);
  int next = 0;
  for (size_t j = 0; j < vars.size(); ++j)
    if (axes_of(task) >> (vars.size() - 1 - j) & 1) at[j] = result.reduction[next++];

  const Halide::Expr x = summand(task, binding)(at);
  Halide::Func acc("acc");
  switch (kind) {
    case max:
      acc(vars) = lowest;
      acc(vars) = Halide::max(acc(vars), x);
      break;
    case min:
      acc(vars) = -lowest;
      acc(vars) = Halide::min(acc(vars), x);
      break;
    case product:
      acc(vars) = 1.0f;
      acc(vars) *= x;
      break;
    default:
      acc(vars) = 0.0f;
      acc(vars) += kind == sum || kind == mean ? x : kind == l1 ? Halide::abs(x) : x * x;
  }
  result.funcs["acc"] = acc;

  Halide::Expr value = acc(vars);
  if (kind == mean) value = value * static_cast<float>(1.0 / elements_each(task));
  if (kind == l2) value = Halide::sqrt(value);
  finish(result, task, binding, vars, value);
  return result;
}

double flops_of(const Task& task) {
  return static_cast<double>(*volume(task.inputs[0].dims));
}

}  // namespace

Op reduce_op() {
  return {"reduce", check_reduce, no_params, reference, algorithm, flops_of, "kind axes"};
}
Op global_avg_pool_op() {
  return {"global_avg_pool", check_global_pool, no_params, reference, algorithm, flops_of};
}
Op global_max_pool_op() {
  return {"global_max_pool", check_global_pool, no_params, reference, algorithm, flops_of};
}

}  // namespace tenfold::dsl
