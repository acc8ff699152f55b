// squeeze_excite: the gate of a Squeeze-and-Excitation block as one operator: the mean of each
// channel, a layer to a few numbers, a layer back to one a channel. Funcs: "sums" {c, n} over {x,
// y}, "reduce" {m, n} over {c}, "reduced" {m, n} (its chain), "acc" {k, n} over the reduction {m}.
#include "dsl/frame_halide.h"
#include "dsl/inner_chain.h"
#include "dsl/op_list.h"
#include "dsl/rules.h"
#include "dsl/stage.h"

namespace tenfold::dsl {
namespace {

struct Shape {
  int64_t channels, reduced, outputs, pixels;
};

Shape shape_of(const Task& task) {
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  return {in[3], task.attrs.get_int("reduced", 0), out[3], in[1] * in[2]};
}

Status check_squeeze_excite(const Task& task) {
  TENFOLD_CHECK(check_views(task, 1, 4));
  TENFOLD_CHECK(check_attr(task, "reduced", 0, 1, int64_t{1} << 20));
  return check_output(task, {task.inputs[0].dims[0], 1, 1, task.outputs[0].dims[3]});
}

std::vector<Param> params_squeeze_excite(const Task& task) {
  const Shape s = shape_of(task);
  std::vector<Param> params{{"reduce_weights", {s.reduced, s.channels, 1, 1}}};
  add_chain_params(params, "reduce_", inner_chain(task, 0), s.reduced);
  params.push_back({"weights", {s.outputs, s.reduced, 1, 1}});
  return params;
}

// rows {N, 1, 1, C} by weights {K, C, 1, 1}.
Values layer(const Values& rows, const Values& weights) {
  const int64_t batch = rows.dims[0], depth = rows.dims[3], width = weights.dims[0];
  Values out{{batch, 1, 1, width}, {}};
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t k = 0; k < width; ++k) {
      double sum = 0;
      for (int64_t c = 0; c < depth; ++c)
        sum += rows.data[n * depth + c] * weights.data[k * depth + c];
      out.data.push_back(sum);
    }
  return out;
}

void reference_squeeze_excite(const Task& task, std::span<const Values> inputs,
                              std::span<const Values> constants, std::span<Values> outputs) {
  const Values& x = inputs[0];
  const int64_t batch = x.dims[0], pixels = x.dims[1] * x.dims[2], channels = x.dims[3];
  Values means{{batch, 1, 1, channels}, {}};
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (int64_t p = 0; p < pixels; ++p) sum += x.data[(n * pixels + p) * channels + c];
      means.data.push_back(sum / static_cast<double>(pixels));
    }
  Values reduced = layer(means, constants[0]);
  constants = constants.subspan(1);
  run_inner(inner_chain(task, 0), constants, reduced);
  outputs[0] = layer(reduced, constants[0]);
}

/// out[n,0,0,k] = epilogue(sum over m of inner(sum over c of mean over y,x of in[n,y,x,c] *
/// reduce_weights[m,c]) * weights[k,m]), in being the input after its prologue. Shapes: in
/// {N,H,W,C}, reduce_weights {M,C,1,1} with M = reduced, weights {K,M,1,1}, out {N,1,1,K}. float32.
/// Errors: invalid_shape when the output is no gate. Source: Hu et al. 2018 (Squeeze-and-Excitation
/// Networks), section 3.
Algorithm algorithm_squeeze_excite(const Task& task, const Binding& binding) {
  const Shape s = shape_of(task);
  const Dims& in = task.inputs[0].dims;
  const std::vector<Stage>& chain = inner_chain(task, 0);
  const Halide::Var c("c"), m("m"), k("k"), n("n");
  const Halide::RDom map(0, static_cast<int>(in[2]), 0, static_cast<int>(in[1]), "map");
  const Halide::RDom channels(0, static_cast<int>(s.channels), "channels");
  const Halide::RDom squeezed(0, static_cast<int>(s.reduced), "squeezed");
  Halide::Func sums("sums"), reduce("reduce"), reduced("reduced"), acc("acc");
  sums(c, n) = 0.0f;
  sums(c, n) += anchor_input(task, binding, {c, map.x, map.y, n});
  reduce(m, n) = 0.0f;
  reduce(m, n) += sums(channels, n) * binding.param_at(0, {m, channels, 0, 0});
  const auto share = static_cast<float>(1.0 / static_cast<double>(s.pixels));
  reduced(m, n) = apply_chain(chain, reduce(m, n) * share, {m, 0, 0, n}, task, binding, 1);
  acc(k, n) = 0.0f;
  acc(k, n) += reduced(squeezed, n) * binding.param_at(1 + param_count(chain), {k, squeezed, 0, 0});

  Algorithm result;
  const std::vector<Halide::Var> vars = vars_of(task.outputs[0]);
  finish(result, task, binding, vars, acc(vars[0], vars[3]));
  result.funcs.insert({{"sums", sums}, {"reduce", reduce}, {"reduced", reduced}, {"acc", acc}});
  result.reduction = squeezed;
  return result;
}

double flops_squeeze_excite(const Task& task) {
  const Shape s = shape_of(task);
  return static_cast<double>(task.inputs[0].dims[0]) *
         static_cast<double>(s.pixels * s.channels + 2 * s.reduced * (s.channels + s.outputs));
}

}  // namespace

Op squeeze_excite_op() {
  return {"squeeze_excite",
          check_squeeze_excite,
          params_squeeze_excite,
          reference_squeeze_excite,
          algorithm_squeeze_excite,
          flops_squeeze_excite,
          "reduced",
          2};
}

}  // namespace tenfold::dsl
