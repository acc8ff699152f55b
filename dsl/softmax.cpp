// softmax and log-softmax along one axis of a view of any rank.
// Funcs: "max" and "sum" over the axis (the axis at 0), "exp": exp(x - max), both over the one
// reduction.
#include <cmath>
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

std::vector<Param> no_params(const Task&) {
  return {};
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

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const size_t along = vars.size() - 1 - static_cast<size_t>(axis_of(task));
  const int extent = static_cast<int>(task.inputs[0].dims[axis_of(task)]);
  result.reduction = Halide::RDom(0, extent, "r");

  std::vector<Halide::Expr> reduced = exprs_of(vars);
  reduced[along] = result.reduction.x;
  std::vector<Halide::Var> rest = vars;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(along));
  std::vector<Halide::Expr> rest_at = exprs_of(rest);

  Halide::Func largest("max"), exponent("exp"), total("sum");
  largest(rest) = std::numeric_limits<float>::lowest();
  largest(rest) = Halide::max(largest(rest), anchor_input(task, binding, reduced));
  const Halide::Expr shifted = anchor_input(task, binding, exprs_of(vars)) - largest(rest_at);
  exponent(vars) = function("exp", shifted);
  total(rest) = 0.0f;
  total(rest) += exponent(reduced);
  result.funcs = {{"max", largest}, {"exp", exponent}, {"sum", total}};

  const bool logarithm = task.attrs.get_int("log", 0) == 1;
  finish(result, task, binding, vars,
         logarithm ? shifted - function("log", total(rest_at))
                   : exponent(vars) * (1.0f / total(rest_at)));
  return result;
}

double flops_of(const Task& task) {
  return 4.0 * static_cast<double>(*volume(task.inputs[0].dims));
}

}  // namespace

Algorithm padded_softmax(const Task& task, const Binding& binding, int padded) {
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const Halide::Var& c = vars[0];
  const int extent = static_cast<int>(task.inputs[0].dims.back());
  const std::vector<Halide::Var> rest(vars.begin() + 1, vars.end());
  const auto at = [&](const Halide::Expr& place) {
    std::vector<Halide::Expr> all = exprs_of(vars);
    all[0] = place;
    return all;
  };
  Algorithm algorithm;
  algorithm.reduction = Halide::RDom(0, padded, "r");
  const Halide::Expr r = algorithm.reduction.x;

  Halide::Func line("line"), largest("max"), exponent("exp"), total("sum");
  std::vector<Halide::Expr> given = at(Halide::min(c, extent - 1));
  line(vars) = Halide::select(c < extent, anchor_input(task, binding, given),
                              std::numeric_limits<float>::lowest());
  largest(rest) = std::numeric_limits<float>::lowest();
  largest(rest) = Halide::max(largest(rest), line(at(r)));
  const Halide::Expr shifted = line(vars) - largest(rest);
  exponent(vars) = Halide::select(c < extent, function("exp", shifted), 0.0f);
  total(rest) = 0.0f;
  total(rest) += exponent(at(r));
  algorithm.funcs = {{"line", line}, {"max", largest}, {"exp", exponent}, {"sum", total}};
  const bool logarithm = task.attrs.get_int("log", 0) == 1;
  finish(
      algorithm, task, binding, vars,
      logarithm ? shifted - function("log", total(rest)) : exponent(vars) * (1.0f / total(rest)));
  return algorithm;
}

Op softmax_op() {
  return {"softmax", check_softmax, no_params, reference, algorithm, flops_of, "axis log"};
}

}  // namespace tenfold::dsl
