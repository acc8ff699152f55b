#include "cli/peer_model.h"

#include <algorithm>

#include "cli/peer_model_parts.h"
#include "dsl/op.h"
#include "dsl/stage.h"

namespace tenfold::cli {
namespace {

template <class Visit>
void for_each_index(const Dims& dims, const Visit& visit) {
  Dims at(dims.size(), 0);
  while (true) {
    visit(at);
    size_t d = dims.size();
    while (d > 0 && ++at[d - 1] == dims[d - 1]) at[--d] = 0;
    if (d == 0) return;
  }
}

/// Operators of several convolutions take the chains between them from the front of the params.
bool takes_bias(const std::string& op) {
  return op == "conv2d" || op == "conv_transpose2d" || op == "deform_conv2d" || op == "gemm" ||
         op == "depthwise_pointwise" || op == "inverted_residual" || op == "squeeze_excite";
}

/// The anchor's params come first in a task, the prologue's after them; nodes come the other way.
std::vector<const Array*> in_node_order(const Task& task, const std::vector<Array>& params,
                                        bool bias) {
  const auto count = [](const std::vector<Stage>& chain) {
    return static_cast<size_t>(dsl::param_count(chain));
  };
  const size_t prologue = count(task.prologue);
  const size_t anchor = params.size() - prologue - count(task.epilogue);
  std::vector<const Array*> order;
  const auto append = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) order.push_back(&params[i]);
  };
  append(anchor, anchor + prologue);
  const size_t rest = anchor + prologue;
  if (bias) order.push_back(&params[rest]);
  append(0, anchor);
  append(rest + (bias ? 1 : 0), params.size());
  return order;
}

/// Channels [begin, begin + count) of an array {N, C, H, W}.
Array channel_slice(const Array& nchw, int64_t begin, int64_t count) {
  Array slice(DType::f32, {nchw.dims()[0], count, nchw.dims()[2], nchw.dims()[3]});
  const int64_t pixels = nchw.dims()[2] * nchw.dims()[3];
  for (int64_t n = 0; n < nchw.dims()[0]; ++n)
    std::copy_n(nchw.as<float>().data() + (n * nchw.dims()[1] + begin) * pixels, count * pixels,
                slice.as<float>().data() + n * count * pixels);
  return slice;
}

}  // namespace

Array dense_values(const View& view, const Array& image) {
  Array values(DType::f32, view.dims);
  const auto from = image.as<float>();
  float* to = values.as<float>().data();
  for_each_index(view.dims, [&](const Dims& at) {
    int64_t element = view.offset;
    for (size_t d = 0; d < at.size(); ++d) element += at[d] * view.strides[d];
    *to++ = from[element];
  });
  return values;
}

bool has_feature_maps(const Task& task) {
  return task.outputs[0].dims.size() == 4 && task.op != "matmul" && task.op != "transpose";
}

Array as_nchw(const Array& values) {
  const Dims& d = values.dims();
  Array turned(DType::f32, {d[0], d[3], d[1], d[2]});
  const auto from = values.as<float>();
  const auto to = turned.as<float>();
  const int64_t pixels = d[1] * d[2];
  for (int64_t n = 0; n < d[0]; ++n)
    for (int64_t p = 0; p < pixels; ++p)
      for (int64_t c = 0; c < d[3]; ++c)
        to[(n * d[3] + c) * pixels + p] = from[(n * pixels + p) * d[3] + c];
  return turned;
}

Array shuffled_weights(const Array& weights, int64_t groups) {
  // After the shuffle, channel i*groups + g is what channel g*(C/groups) + i was.
  Array shuffled(DType::f32, weights.dims());
  const Dims& d = weights.dims();
  const int64_t channels = d[1], taps = d[2] * d[3];
  for (int64_t k = 0; k < d[0]; ++k)
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t was = c % groups * (channels / groups) + c / groups;
      std::copy_n(weights.as<float>().data() + (k * channels + was) * taps, taps,
                  shuffled.as<float>().data() + (k * channels + c) * taps);
    }
  return shuffled;
}

Result<PeerModel> peer_model(const Problem& problem, const autotune::TaskData& data) {
  const Task& task = problem.model;
  PeerModel made;
  OnnxWriter model;
  Array shuffled;
  PeerGraph graph{task, model, {}, {}, has_feature_maps(task), {}};
  const auto in_model_order = [&](const View& view, const Array& image) {
    Array values = dense_values(view, image);
    if (!graph.maps || view.dims.size() != 4) return values;
    return as_nchw(values);
  };

  for (size_t i = 0; i < task.inputs.size(); ++i) {
    if (graph.maps && task.inputs[i].dims.size() != 4)
      return Error{ErrorCode::unsupported, "an operand of another rank than the feature map's"};
    Array values = in_model_order(task.inputs[i], data.inputs[i]);
    if (i == 0 && !problem.before.concat.empty()) {
      std::vector<std::string> parts;
      int64_t begin = 0;
      for (const int64_t channels : problem.before.concat) {
        made.inputs.push_back(channel_slice(values, begin, channels));
        parts.push_back(model.input(made.inputs.back().dims()));
        begin += channels;
      }
      graph.inputs.push_back(model.node("Concat", parts, {{"axis", int64_t{1}}}));
      continue;
    }
    graph.inputs.push_back(model.input(values.dims()));
    made.inputs.push_back(std::move(values));
  }
  graph.x = graph.inputs[0];
  const bool bias =
      takes_bias(task.op) && !task.epilogue.empty() && task.epilogue[0].kind == "bias";
  graph.params = in_node_order(task, data.params, bias);

  for (const Stage& stage : task.prologue) TENFOLD_CHECK(add_stage(graph, stage));
  if (const int64_t groups = problem.before.shuffle_groups; groups > 1) {
    add_shuffle(graph, groups);
    const Array*& weights = graph.params[graph.used + (bias ? 1 : 0)];
    shuffled = shuffled_weights(*weights, groups);
    weights = &shuffled;
  }
  std::string bias_name;
  if (bias) bias_name = graph.constant(graph.next_param());
  TENFOLD_CHECK(add_anchor(graph, bias_name));
  for (size_t i = bias ? 1 : 0; i < task.epilogue.size(); ++i)
    TENFOLD_CHECK(add_stage(graph, task.epilogue[i]));
  made.expected = in_model_order(task.outputs[0], data.expected[0]);
  if (graph.x == graph.inputs[0]) graph.x = model.node("Identity", {graph.x});
  made.onnx = model.finish(graph.x, made.expected.dims());
  return made;
}

}  // namespace tenfold::cli
