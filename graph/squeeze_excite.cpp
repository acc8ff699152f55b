#include "graph/squeeze_excite.h"

#include <algorithm>

#include "dsl/op.h"

namespace tenfold::graph {
namespace {

/// A layer of one row an image: a 1x1 convolution of single pixels, or a gemm.
bool is_layer(const Task& task) {
  if (!task.prologue.empty() || task.outputs.size() != 1 || task.inputs.size() != 1) return false;
  if (task.op == "gemm") return true;
  const Dims &in = task.inputs[0].dims, &out = task.outputs[0].dims;
  return task.op == "conv2d" && in[1] * in[2] * out[1] * out[2] == 1 &&
         task.attrs.get_int("kernel_h", 1) * task.attrs.get_int("kernel_w", 1) == 1 &&
         task.attrs.get_int("groups", 1) == 1;
}

/// `second` reads what `first` makes, perhaps through views of it, and nothing else does.
bool follows(const PlanContext& context, const Candidate& first, const Candidate& second) {
  const TensorId made = context.network.nodes[first.nodes.back()].outputs[0];
  const int anchor = second.nodes.front();
  return maker_past_views(context, context.network.nodes[anchor].inputs[0]) == first.nodes.back() &&
         context.uses.readers[made].size() == 1 && !context.uses.is_output[made];
}

/// {N, K} as {N, 1, 1, K}.
View as_pixel(View view) {
  if (view.dims.size() == 4) return view;
  const int64_t row = view.strides[0];
  view.dims = {view.dims[0], 1, 1, view.dims[1]};
  view.strides = {row, row, row, view.strides[1]};
  return view;
}

std::shared_ptr<const Array> as_pointwise(const std::shared_ptr<const Array>& weights) {
  if (weights->dims().size() == 4) return weights;
  auto made =
      std::make_shared<Array>(DType::f32, Dims{weights->dims()[0], weights->dims()[1], 1, 1});
  std::ranges::copy(weights->as<float>(), made->as<float>().begin());
  return made;
}

}  // namespace

int maker_past_views(const PlanContext& context, TensorId tensor) {
  while (true) {
    const int maker = context.uses.maker[tensor];
    if (maker < 0) return -1;
    const Node& node = context.network.nodes[maker];
    if ((node.op != "reshape" && node.op != "flatten") || !context.layout.free_node[maker])
      return maker;
    if (context.uses.readers[tensor].size() != 1 || context.uses.is_output[tensor]) return -1;
    tensor = node.inputs[0];
  }
}

std::optional<Candidate> squeeze_then_excite(const PlanContext& context, const Candidate& pool,
                                             const Candidate& reduce, const Candidate& excite) {
  if (context.device != DeviceKind::cpu || pool.task.op != "global_avg_pool" ||
      !pool.task.epilogue.empty() || !is_layer(reduce.task) || !is_layer(excite.task) ||
      excite.task.outputs[0].dims.back() != pool.task.inputs[0].dims[3] ||
      !follows(context, pool, reduce) || !follows(context, reduce, excite))
    return std::nullopt;
  Candidate made = excite;
  Task& task = made.task;
  task.op = "squeeze_excite";
  task.attrs = {{"reduced", static_cast<double>(reduce.task.outputs[0].dims.back())}};
  task.inputs = pool.task.inputs;
  task.prologue = pool.task.prologue;
  task.outputs[0] = as_pixel(task.outputs[0]);
  if (!reduce.task.epilogue.empty()) task.inner.push_back(reduce.task.epilogue);
  made.inputs = pool.inputs;
  // The anchor's constants, then the prologue's, then the epilogue's.
  made.params = {as_pointwise(reduce.params[0])};
  made.params.insert(made.params.end(), reduce.params.begin() + 1, reduce.params.end());
  made.params.push_back(as_pointwise(excite.params[0]));
  made.params.insert(made.params.end(), pool.params.begin(), pool.params.end());
  made.params.insert(made.params.end(), excite.params.begin() + 1, excite.params.end());
  made.name = pool.name + "+" + reduce.name + "+" + excite.name;
  made.nodes.insert(made.nodes.end(), pool.nodes.begin(), pool.nodes.end());
  made.nodes.insert(made.nodes.end(), reduce.nodes.begin(), reduce.nodes.end());
  std::ranges::sort(made.nodes);
  if (!dsl::check(task)) return std::nullopt;
  return made;
}

}  // namespace tenfold::graph
