// lrn: local response normalisation across channels. Source: Krizhevsky et al. 2012, section 3.3.
// Funcs: "acc" {c, x, y, n} over the reduction {channels of the window}.
#include <cmath>

#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"

namespace tenfold::dsl {
namespace {

Status check_lrn(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  TENFOLD_CHECK(check_attr(task, "size", 5, 1, 1 << 20));
  const double alpha = task.attrs.get("alpha", 1e-4), bias = task.attrs.get("bias", 1);
  TENFOLD_CHECK(rule(alpha >= 0 && bias > 0, task,
                     "alpha=" + number_text(alpha) +
                         " must be at least 0 and bias=" + number_text(bias) + " positive"));
  return check_output(task, task.inputs[0].dims);
}

/// out[c] = x[c] / (bias + alpha/size * sum of x[i]^2)^beta, i from c - (size-1)/2 to c + size/2
/// within the channels.
void reference(const Task& task, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values& x = inputs[0];
  const int64_t channels = x.dims[3], size = task.attrs.get_int("size", 5);
  for (size_t pixel = 0; pixel < x.data.size(); pixel += channels)
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (int64_t i = std::max<int64_t>(c - (size - 1) / 2, 0);
           i <= std::min(c + size / 2, channels - 1); ++i)
        sum += x.data[pixel + i] * x.data[pixel + i];
      const double base = task.attrs.get("bias", 1) +
                          task.attrs.get("alpha", 1e-4) / static_cast<double>(size) * sum;
      outputs[0].data[pixel + c] = x.data[pixel + c] / std::pow(base, task.attrs.get("beta", 0.75));
    }
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  const int size = static_cast<int>(task.attrs.get_int("size", 5));
  const int last = static_cast<int>(task.inputs[0].dims[3]) - 1;
  result.reduction = Halide::RDom(0, size, "r");
  const Halide::Expr channel = vars[0] + result.reduction.x - (size - 1) / 2;
  const Halide::Expr x = anchor_input(
      task, binding, {Halide::clamp(Halide::likely(channel), 0, last), vars[1], vars[2], vars[3]});
  Halide::Func acc("acc");
  acc(vars) = 0.0f;
  acc(vars) += Halide::select(channel >= 0 && channel <= last, Halide::likely(x * x), 0.0f);
  result.funcs["acc"] = acc;

  const double beta = task.attrs.get("beta", 0.75);
  const Halide::Expr base = static_cast<float>(task.attrs.get("bias", 1)) +
                            static_cast<float>(task.attrs.get("alpha", 1e-4) / size) * acc(vars);
  const Halide::Expr root = Halide::sqrt(base);
  const Halide::Expr power =
      beta == 0.75 ? root * Halide::sqrt(root) : function("pow", base, {beta});
  finish(result, task, binding, vars, anchor_input(task, binding, exprs_of(vars)) / power);
  return result;
}

double flops_of(const Task& task) {
  return 2.0 * static_cast<double>(*volume(task.outputs[0].dims) * task.attrs.get_int("size", 5));
}

}  // namespace

Op lrn_op() {
  return {"lrn", check_lrn, no_params, reference, algorithm, flops_of, "size alpha beta bias"};
}

}  // namespace tenfold::dsl
