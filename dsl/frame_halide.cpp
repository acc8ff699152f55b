#include "dsl/frame_halide.h"

namespace tenfold::dsl {
std::vector<Halide::Var> vars_of(const View& view) {
  const size_t rank = view.dims.size();
  if (rank == 4) return {Halide::Var("c"), Halide::Var("x"), Halide::Var("y"), Halide::Var("n")};
  std::vector<Halide::Var> vars;
  for (size_t i = 0; i < rank; ++i) vars.emplace_back("d" + std::to_string(i));
  return vars;
}

std::vector<Halide::Expr> exprs_of(const std::vector<Halide::Var>& vars) {
  return {vars.begin(), vars.end()};
}

std::vector<Halide::Expr> broadcast(const View& in, const View& out,
                                    std::vector<Halide::Expr> coordinates) {
  coordinates.resize(in.dims.size());
  for (size_t j = 0; j < in.dims.size(); ++j)
    if (in.dims[in.dims.size() - 1 - j] == 1 && out.dims[out.dims.size() - 1 - j] != 1)
      coordinates[j] = 0;
  return coordinates;
}

Halide::Expr anchor_input(const Task& task, const Binding& binding,
                          const std::vector<Halide::Expr>& coordinates) {
  return apply_chain(task.prologue, binding.inputs[0](coordinates), coordinates, task, binding,
                     first_prologue_param(task));
}

Halide::Func summand(const Task& task, const Binding& binding) {
  const std::vector<Halide::Var> vars = vars_of(task.inputs[0]);
  Halide::Func read("read");
  read(vars) = anchor_input(task, binding, exprs_of(vars));
  return read;
}

Halide::Expr function(const char* kind, Halide::Expr x, std::vector<double> values) {
  return apply_chain({Stage{kind, std::move(values), -1}}, x, {}, Task{}, Binding{}, 0);
}

void finish(Algorithm& algorithm, const Task& task, const Binding& binding,
            const std::vector<Halide::Var>& vars, Halide::Expr value) {
  Halide::Func out("out");
  out(vars) =
      apply_chain(task.epilogue, value, exprs_of(vars), task, binding, first_epilogue_param(task));
  constrain_output(out, task.outputs[0]);
  algorithm.funcs["out"] = out;
  algorithm.outputs = {out};
}

}  // namespace tenfold::dsl
