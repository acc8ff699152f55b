// softmax and log-softmax along one axis of a view of any rank.
// Funcs: "max" and "sum" over the axis (the axis at 0), "exp": exp(x - max), both over the one
// reduction.
#include <cmath>
#include <functional>
#include <limits>

#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/softmax_halide.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

int64_t axis_of(const Task& task) {
  return task.attrs.get_int("axis", static_cast<int64_t>(task.inputs[0].dims.size()) - 1);
}

Status check_softmax(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 0));
  const int64_t rank = static_cast<int64_t>(task.inputs[0].dims.size());
  TENFOLD_CHECK(check_attr(task, "axis", static_cast<double>(rank - 1), 0, rank - 1));
  TENFOLD_CHECK(check_attr(task, "log", 0, 0, 1));
  return check_output(task, task.inputs[0].dims);
}

/// out_i = exp(x_i - m) / sum_j exp(x_j - m), m = max_j x_j; with log: x_i - m - log(sum_j exp(x_j
/// - m)).
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  const int64_t axis = axis_of(task);
  const bool logarithm = task.attrs.get_int("log", 0) == 1;
  int64_t inner = 1;
  for (size_t d = axis + 1; d < x.dims.size(); ++d) inner *= x.dims[d];
  const int64_t extent = x.dims[axis];
  const int64_t lines = static_cast<int64_t>(x.data.size()) / extent;
  for (int64_t line = 0; line < lines; ++line) {
    const double* from = x.data.data() + line / inner * inner * extent + line % inner;
    double* to = outputs[0].data.data() + (from - x.data.data());
    double largest = from[0], total = 0;
    for (int64_t i = 1; i < extent; ++i) largest = std::max(largest, from[i * inner]);
    for (int64_t i = 0; i < extent; ++i) total += std::exp(from[i * inner] - largest);
    for (int64_t i = 0; i < extent; ++i) {
      const double shifted = from[i * inner] - largest;
      to[i * inner] = logarithm ? shifted - std::log(total) : std::exp(shifted) / total;
    }
  }
}

using Place = std::vector<Halide::Expr>;

/// Over lines of `extent` elements along variable `along`. What is not `counted`, where that is
/// defined, adds nothing to the sum.
Algorithm softmax_over(const Task& task, const Binding& binding, size_t along, int extent,
                       const std::function<Halide::Expr(const Place&)>& element,
                       const Halide::Expr& counted) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  result.reduction = Halide::RDom(0, extent, "r");

  Place reduced = exprs_of(vars);
  reduced[along] = result.reduction.x;
  std::vector<Halide::Var> rest = vars;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(along));
  const Place rest_at = exprs_of(rest);

  Halide::Func largest("max"), exponent("exp"), total("sum");
  largest(rest) = std::numeric_limits<float>::lowest();
  largest(rest) = Halide::max(largest(rest), element(reduced));
  const Halide::Expr shifted = element(exprs_of(vars)) - largest(rest_at);
  const Halide::Expr exp = function("exp", shifted);
  exponent(vars) = counted.defined() ? Halide::select(counted, exp, 0.0f) : exp;
  total(rest) = 0.0f;
  total(rest) += exponent(reduced);
  result.funcs = {{"max", largest}, {"exp", exponent}, {"sum", total}};

  const bool logarithm = task.attrs.get_int("log", 0) == 1;
  finish(result, task, binding, vars,
         logarithm ? shifted - function("log", total(rest_at))
                   : exponent(vars) * (1.0f / total(rest_at)));
  return result;
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  const size_t axis = static_cast<size_t>(axis_of(task));
  return softmax_over(task, binding, task.inputs[0].dims.size() - 1 - axis,
                      static_cast<int>(task.inputs[0].dims[axis]),
                      [&](const Place& at) { return anchor_input(task, binding, at); }, {});
}

double flops_of(const Task& task) {
  return 4.0 * static_cast<double>(*volume(task.inputs[0].dims));
}

}  // namespace

Algorithm padded_softmax(const Task& task, const Binding& binding, int padded) {
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const int extent = static_cast<int>(task.inputs[0].dims.back());
  const Halide::Expr given = vars[0] < extent;
  Place inside = exprs_of(vars);
  inside[0] = Halide::min(vars[0], extent - 1);
  Halide::Func line("line");
  line(vars) = Halide::select(given, anchor_input(task, binding, inside),
                              std::numeric_limits<float>::lowest());
  Algorithm result = softmax_over(
      task, binding, 0, padded, [&](const Place& at) { return line(at); }, given);
  result.funcs["line"] = line;
  return result;
}

Op softmax_op() {
  return {"softmax", check_softmax, no_params, reference, algorithm, flops_of, "axis log"};
}

}  // namespace tenfold::dsl
