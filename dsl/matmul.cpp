// matmul: the product of two computed matrices, batch dimensions broadcast as numpy does.
// Funcs: "acc" {n, m, batch dims...} over the reduction {k}.
#include "dsl/frame_halide.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/values.h"

namespace tenfold::dsl {
namespace {

Status check_matmul(const Task& task) {
  TENFOLD_CHECK(check_views(task, 2, 0));
  const Dims &a = task.inputs[0].dims, &b = task.inputs[1].dims;
  const size_t rank = std::max(a.size(), b.size());
  TENFOLD_CHECK(rule(a.size() >= 2 && b.size() >= 2, task, "operands need 2 dimensions or more"));
  TENFOLD_CHECK(rule(a[a.size() - 1] == b[b.size() - 2], task,
                     to_string(a) + " times " + to_string(b) + ": inner extents differ"));
  Dims want(rank);
  want[rank - 2] = a[a.size() - 2];
  want[rank - 1] = b[b.size() - 1];
  for (size_t i = 2; i < rank; ++i) {
    const int64_t from_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t from_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    TENFOLD_CHECK(rule(from_a == from_b || from_a == 1 || from_b == 1, task,
                       to_string(a) + " times " + to_string(b) + ": batches do not broadcast"));
    want[rank - 1 - i] = std::max(from_a, from_b);
  }
  return check_output(task, want);
}

/// out[..., m, n] = sum over k of a[..., m, k] * b[..., k, n].
/// Shapes: a {..., M, K}, b {..., K, N}, out {..., M, N}. float32. Errors: invalid_shape when they
/// do not fit.
void reference(const Task&, std::span<const Values> inputs, std::span<const Values>,
               std::span<Values> outputs) {
  const Values &a = inputs[0], &b = inputs[1];
  Values& out = outputs[0];
  const size_t rank = out.dims.size();
  const int64_t depth = a.dims.back();
  for_each_index(out.dims, [&](const Dims& at) {
    Dims in_a = at, in_b = at;
    double sum = 0;
    for (int64_t k = 0; k < depth; ++k) {
      in_a[rank - 1] = k;
      in_b[rank - 2] = k;
      sum += a.data[position(a.dims, in_a)] * b.data[position(b.dims, in_b)];
    }
    out.data[position(out.dims, at)] = sum;
  });
}

Algorithm algorithm(const Task& task, const Binding& binding) {
  Algorithm result;
  std::vector<Halide::Var> vars{Halide::Var("n"), Halide::Var("m")};
  for (size_t i = 2; i < task.outputs[0].dims.size(); ++i)
    vars.emplace_back("b" + std::to_string(i));
  const Halide::RDom k(0, static_cast<int>(task.inputs[0].dims.back()), "k");
  const View &a = task.inputs[0], &b = task.inputs[1], &product = task.outputs[0];
  std::vector<Halide::Expr> in_a = broadcast(a, product, exprs_of(vars));
  std::vector<Halide::Expr> in_b = broadcast(b, product, exprs_of(vars));
  in_a[0] = k;
  in_a[1] = vars[1];
  in_b[0] = vars[0];
  in_b[1] = k;
  Halide::Func acc("acc");
  acc(vars) = 0.0f;
  acc(vars) += anchor_input(task, binding, in_a) * binding.inputs[1](in_b);
  result.funcs["acc"] = acc;
  result.reduction = k;
  finish(result, task, binding, vars, acc(vars));
  return result;
}

double flops_of(const Task& task) {
  return 2.0 * static_cast<double>(*volume(task.outputs[0].dims) * task.inputs[0].dims.back());
}

}  // namespace

Op matmul_op() {
  return {"matmul", check_matmul, no_params, reference, algorithm, flops_of};
}

}  // namespace tenfold::dsl
