// reduce, global_avg_pool and global_max_pool: one number from every element along some dimensions,
// which keep extent 1. Funcs: "acc" over the reduced dimensions, innermost of the view first; its
// variables are the output's. Where the place of the largest or smallest is asked for, "place" over
// the same dimension, which finds it by its rank in "acc".
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "dsl/frame_halide.h"
#include "dsl/gather.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

enum Kind { sum, mean, max, min, product, l1, l2, sum_of_squares, arg_max, arg_min };
constexpr float lowest = std::numeric_limits<float>::lowest();

Kind kind_of(const Task& task) {
  if (task.op == "global_avg_pool") return mean;
  if (task.op == "global_max_pool") return max;
  return static_cast<Kind>(task.attrs.get_int("kind", 0));
}

bool finds_place(const Task& task) {
  return kind_of(task) == arg_max || kind_of(task) == arg_min;
}

/// Of equal elements the last one's place, not the first one's.
bool prefers_last(const Task& task) {
  return task.attrs.get_int("last", 0) != 0;
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
  TENFOLD_CHECK(check_attr(task, "kind", 0, sum, arg_min));
  TENFOLD_CHECK(check_attr(task, "last", 0, 0, 1));
  const int64_t rank = static_cast<int64_t>(task.inputs[0].dims.size());
  TENFOLD_CHECK(rule(rank <= 8, task, "more than 8 dimensions"));
  TENFOLD_CHECK(check_attr(task, "axes", 0, 1, (int64_t{1} << rank) - 1));
  if (finds_place(task)) {
    const auto axes = static_cast<uint64_t>(axes_of(task));
    TENFOLD_CHECK(rule(
        std::has_single_bit(axes) && task.inputs[0].dims[std::countr_zero(axes)] <= most_indexed,
        task, "a place is along one dimension of at most 2^24"));
  }
  return check_output(task, reduced_dims(task));
}

Status check_global_pool(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  return check_output(task, reduced_dims(task));
}

/// out = the least k with x_k = max(x) (with min for arg_min), or the greatest such k.
void place_reference(const Task& task, const Values& x, Values& out) {
  const int axis = std::countr_zero(static_cast<uint64_t>(axes_of(task)));
  const double sign = kind_of(task) == arg_max ? 1 : -1;
  for_each_index(out.dims, [&](const Dims& at) {
    Dims here = at;
    double best = 0;
    for (here[axis] = 0; here[axis] < x.dims[axis]; ++here[axis]) {
      const double value = sign * x.data[position(x.dims, here)];
      if (here[axis] > 0 && (prefers_last(task) ? value < best : value <= best)) continue;
      best = value;
      out.data[position(out.dims, at)] = static_cast<double>(here[axis]);
    }
  });
}

/// out = f(x_0, ..., x_m-1) over the reduced elements: their sum, mean, maximum, minimum, product,
/// sum |x|, sqrt(sum x^2), sum x^2, or a place.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  if (finds_place(task)) return place_reference(task, x, outputs[0]);
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
      case arg_max:
      case arg_min:
        break;
    }
  });
  for (double& value : out.data) {
    if (kind == mean) value /= elements_each(task);
    if (kind == l2) value = std::sqrt(value);
  }
}

/// Whole numbers in the order of the floats (for arg_min in the reverse), zeros of both signs
/// alike, NaN at an end: fast maths leaves it to chance what a comparison of floats makes of NaN
/// and of infinities.
Halide::Expr rank_of(Kind kind, const Halide::Expr& x) {
  const Halide::Expr bits = Halide::reinterpret<int32_t>(x),
                     lowest_bits = Halide::Internal::make_const(Halide::Int(32), INT32_MIN);
  const Halide::Expr signed_bits = Halide::select(bits == lowest_bits, 0, bits);
  const Halide::Expr rank = signed_bits ^ ((signed_bits >> 31) & INT32_MAX);
  return kind == arg_max ? rank : ~rank;
}

/// The place of the largest rank; the first or the last of equal ones.
Halide::Expr place(Algorithm& result, const Task& task, const std::vector<Halide::Var>& vars,
                   const Halide::Expr& x) {
  const Halide::Expr rank = rank_of(kind_of(task), x);
  Halide::Func acc("acc"), found("place");
  acc(vars) = Halide::Internal::make_const(Halide::Int(32), INT32_MIN);
  acc(vars) = Halide::max(acc(vars), rank);
  const Halide::Expr here = Halide::cast<float>(result.reduction[0]);
  const float none = prefers_last(task) ? -1.0f : static_cast<float>(elements_each(task));
  const Halide::Expr candidate = Halide::select(rank == acc(vars), here, none);
  found(vars) = none;
  found(vars) = prefers_last(task) ? Halide::max(found(vars), candidate)
                                   : Halide::min(found(vars), candidate);
  result.funcs.insert({{"acc", acc}, {"place", found}});
  return found(vars);
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
  if (finds_place(task)) {
    finish(result, task, binding, vars, place(result, task, vars, x));
    return result;
  }
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
  return {"reduce", check_reduce, no_params, reference, algorithm, flops_of, "kind axes last"};
}
Op global_avg_pool_op() {
  return {"global_avg_pool", check_global_pool, no_params, reference, algorithm, flops_of};
}
Op global_max_pool_op() {
  return {"global_max_pool", check_global_pool, no_params, reference, algorithm, flops_of};
}

}  // namespace tenfold::dsl
