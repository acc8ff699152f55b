// gemm: a fully connected layer. Weights are constant, transposed and scaled by the importer.
// Funcs: "acc" {n, m} over the reduction {k}.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"

namespace tenfold::dsl {
namespace {

Status check_gemm(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 2));
  return rule(task.inputs[0].dims[0] == task.outputs[0].dims[0], task,
              "x has " + std::to_string(task.inputs[0].dims[0]) + " rows, the output " +
                  std::to_string(task.outputs[0].dims[0]));
}

std::vector<Param> weights(const Task& task) {
  return {{"weights", {task.outputs[0].dims[1], task.inputs[0].dims[1]}}};
}

/// out[m,n] = sum over k of x[m,k] * weights[n,k].
/// Shapes: x {M,K}, weights {N,K}, out {M,N}. float32. Errors: invalid_shape when the rows differ.
void reference(const Task&, std::span<const Values> inputs, std::span<const Values> params,
               std::span<Values> outputs) {
  const Values &x = inputs[0], &w = params[0];
  const int64_t rows = x.dims[0], depth = x.dims[1], columns = w.dims[0];
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < columns; ++n) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k) sum += x.data[m * depth + k] * w.data[n * depth + k];
      outputs[0].data[m * columns + n] = sum;
    }
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  const Halide::Var n("n"), m("m");
  const Halide::RDom k(0, static_cast<int>(task.inputs[0].dims[1]), "k");
  Halide::Func acc("acc");
  acc(n, m) = 0.0f;
  acc(n, m) += anchor_input(task, binding, {k, m}) * binding.param_at(0, {n, k});
  result.funcs["acc"] = acc;
  result.reduction = k;
  finish(result, task, binding, {n, m}, acc(n, m));
  return result;
}

double flops_of(const Task& task) {
  return 2.0 * static_cast<double>(task.outputs[0].dims[0] * task.outputs[0].dims[1] *
                                   task.inputs[0].dims[1]);
}

}  // namespace

Op gemm_op() {
  return {"gemm", check_gemm, weights, reference, algorithm, flops_of};
}

}  // namespace tenfold::dsl
