// Anchors as ONNX nodes, one row an operator.
#include <functional>
#include <map>

#include "cli/peer_model_parts.h"
#include "dsl/window.h"

namespace tenfold::cli {
namespace {

using Attributes = OnnxWriter::Attributes;
using Ints = std::vector<int64_t>;
using Names = std::vector<std::string>;
using AddAnchor = std::function<Status(PeerGraph&, std::string& bias)>;

Attributes window_attributes(const Task& task) {
  const dsl::Window w = dsl::window_of(task.attrs);
  return {{"kernel_shape", Ints{w.kernel_h, w.kernel_w}},
          {"strides", Ints{w.stride_h, w.stride_w}},
          {"dilations", Ints{w.dilation_h, w.dilation_w}},
          {"pads", Ints{w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}}};
}

Names with_bias(Names inputs, std::string& bias) {
  if (!bias.empty()) inputs.push_back(std::exchange(bias, ""));
  return inputs;
}

Status add_conv(PeerGraph& graph, std::string& bias) {
  const Task& task = graph.task;
  Attributes attributes = window_attributes(task);
  attributes.emplace_back("group", task.attrs.get_int("groups", 1));
  const bool transposed = task.op == "conv_transpose2d";
  if (transposed)
    attributes.emplace_back("output_padding", Ints{task.attrs.get_int("output_pad_h", 0),
                                                   task.attrs.get_int("output_pad_w", 0)});
  const Names inputs = with_bias({graph.x, graph.constant(graph.next_param())}, bias);
  graph.x = graph.model.node(transposed ? "ConvTranspose" : "Conv", inputs, attributes);
  return {};
}

Status add_deform_conv(PeerGraph& graph, std::string& bias) {
  const Task& task = graph.task;
  Attributes attributes = window_attributes(task);
  attributes.emplace_back("group", task.attrs.get_int("groups", 1));
  attributes.emplace_back("offset_group", task.attrs.get_int("offset_groups", 1));
  size_t own = task.inputs.size();  // stages' operands come behind the anchor's
  for (const std::vector<Stage>* chain : {&task.prologue, &task.epilogue})
    for (const Stage& stage : *chain)
      if (stage.input >= 0) own = std::min(own, static_cast<size_t>(stage.input));
  const std::string mask = own > 2 ? graph.inputs[2] : "";
  const std::string with = std::exchange(bias, "");
  Names inputs{graph.x, graph.constant(graph.next_param()), graph.inputs[1], with, mask};
  while (inputs.back().empty()) inputs.pop_back();
  graph.x = graph.model.node("DeformConv", inputs, attributes);
  return {};
}

Status add_gemm(PeerGraph& graph, std::string& bias) {
  const Names inputs = with_bias({graph.x, graph.constant(graph.next_param())}, bias);
  graph.x = graph.model.node("Gemm", inputs, {{"transB", int64_t{1}}});
  return {};
}

Status add_pointwise(PeerGraph& graph, std::string& bias) {
  graph.x =
      graph.model.node("Conv", with_bias({graph.x, graph.constant(graph.next_param())}, bias));
  return {};
}

/// [expand], depthwise and project with the chains between them.
Status add_separable(PeerGraph& graph, std::string& bias) {
  const Task& task = graph.task;
  size_t at = 0;
  const auto add_chain = [&]() -> Status {
    if (at < task.inner.size())
      for (const Stage& stage : task.inner[at]) TENFOLD_CHECK(add_stage(graph, stage));
    ++at;
    return {};
  };
  std::string none;
  if (task.op == "inverted_residual") {
    TENFOLD_CHECK(add_pointwise(graph, none));
    TENFOLD_CHECK(add_chain());
  }
  const Array& weights = graph.next_param();
  Attributes attributes = window_attributes(task);
  attributes.emplace_back("group", weights.dims()[0]);
  graph.x = graph.model.node("Conv", {graph.x, graph.constant(weights)}, attributes);
  TENFOLD_CHECK(add_chain());
  return add_pointwise(graph, bias);
}

Status add_squeeze_excite(PeerGraph& graph, std::string& bias) {
  graph.x = graph.model.node("GlobalAveragePool", {graph.x});
  std::string none;
  TENFOLD_CHECK(add_pointwise(graph, none));
  if (!graph.task.inner.empty())
    for (const Stage& stage : graph.task.inner[0]) TENFOLD_CHECK(add_stage(graph, stage));
  return add_pointwise(graph, bias);
}

Status add_matmul(PeerGraph& graph, std::string&) {
  graph.x = graph.model.node("MatMul", {graph.x, graph.inputs[1]});
  return {};
}

Status add_pool(PeerGraph& graph, std::string&) {
  const Task& task = graph.task;
  const dsl::Window w = dsl::window_of(task.attrs);
  const int64_t ceil_h = task.attrs.get_int("ceil_h", 0), ceil_w = task.attrs.get_int("ceil_w", 0);
  Attributes attributes = window_attributes(task);
  attributes.back().second =
      Ints{w.pad_top, w.pad_left, w.pad_bottom - ceil_h, w.pad_right - ceil_w};
  if (ceil_h > 0 || ceil_w > 0) attributes.emplace_back("ceil_mode", int64_t{1});
  if (task.op == "avg_pool2d")
    attributes.emplace_back("count_include_pad", task.attrs.get_int("count_include_pad", 0));
  if (task.op == "lp_pool2d") attributes.emplace_back("p", task.attrs.get_int("p", 2));
  const char* op = task.op == "max_pool2d"   ? "MaxPool"
                   : task.op == "avg_pool2d" ? "AveragePool"
                                             : "LpPool";
  graph.x = graph.model.node(op, {graph.x}, attributes);
  return {};
}

AddAnchor one_node(const char* op) {
  return [op](PeerGraph& graph, std::string&) -> Status {
    graph.x = graph.model.node(op, {graph.x});
    return {};
  };
}

Status add_reduce(PeerGraph& graph, std::string&) {
  constexpr const char* kinds[] = {"ReduceSum",  "ReduceMean", "ReduceMax", "ReduceMin",
                                   "ReduceProd", "ReduceL1",   "ReduceL2",  "ReduceSumSquare",
                                   "ArgMax",     "ArgMin"};
  Ints axes;
  const int64_t mask = graph.task.attrs.get_int("axes", 0);
  for (size_t d = 0; d < graph.task.inputs[0].dims.size(); ++d)
    if (mask >> d & 1) axes.push_back(model_dim(graph, static_cast<int64_t>(d)));
  const int64_t kind = graph.task.attrs.get_int("kind", 0);
  if (kind >= 8) {
    graph.x = graph.model.node(
        kinds[kind], {graph.x},
        {{"axis", axes[0]}, {"select_last_index", graph.task.attrs.get_int("last", 0)}});
    graph.x = graph.model.node("Cast", {graph.x}, {{"to", int64_t{1}}});
    return {};
  }
  graph.x = graph.model.node(kinds[kind], {graph.x, graph.model.integers(axes)},
                             {{"keepdims", int64_t{1}}});
  return {};
}

Status add_softmax(PeerGraph& graph, std::string&) {
  const auto last = static_cast<int64_t>(graph.task.inputs[0].dims.size()) - 1;
  const int64_t axis = graph.task.attrs.get_int("axis", last);
  const bool log = graph.task.attrs.get_int("log", 0) == 1;
  graph.x = graph.model.node(log ? "LogSoftmax" : "Softmax", {graph.x},
                             {{"axis", model_dim(graph, axis)}});
  return {};
}

Status add_resize(PeerGraph& graph, std::string&) {
  constexpr const char* modes[] = {"nearest", "linear", "cubic"};
  constexpr const char* coordinates[] = {"half_pixel",           "asymmetric",
                                         "align_corners",        "pytorch_half_pixel",
                                         "half_pixel_symmetric", "tf_half_pixel_for_nn"};
  constexpr const char* roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  const Attrs& attrs = graph.task.attrs;
  const Dims &in = graph.task.inputs[0].dims, &out = graph.task.outputs[0].dims;
  const auto scale = [&](const char* name, size_t dim) {
    return static_cast<float>(
        attrs.get(name, static_cast<double>(out[dim]) / static_cast<double>(in[dim])));
  };
  const float scales[] = {1, 1, scale("scale_h", 1), scale("scale_w", 2)};
  Attributes attributes{
      {"mode", std::string(modes[attrs.get_int("mode", 0)])},
      {"coordinate_transformation_mode", std::string(coordinates[attrs.get_int("coordinate", 0)])},
      {"nearest_mode", std::string(roundings[attrs.get_int("nearest", 0)])},
      {"exclude_outside", attrs.get_int("exclude_outside", 0)}};
  if (attrs.has("cubic_a")) attributes.emplace_back("cubic_coeff_a", attrs.get("cubic_a", -0.75));
  graph.x =
      graph.model.node("Resize", {graph.x, "", graph.model.constant({4}, scales)}, attributes);
  return {};
}

Status add_lrn(PeerGraph& graph, std::string&) {
  const Attrs& attrs = graph.task.attrs;
  graph.x = graph.model.node("LRN", {graph.x},
                             {{"size", attrs.get_int("size", 5)},
                              {"alpha", attrs.get("alpha", 1e-4)},
                              {"beta", attrs.get("beta", 0.75)},
                              {"bias", attrs.get("bias", 1)}});
  return {};
}

Status add_layer_norm(PeerGraph& graph, std::string&) {
  const auto last = static_cast<int64_t>(graph.task.inputs[0].dims.size()) - 1;
  const int64_t axis = graph.task.attrs.get_int("axis", last);
  // ONNX normalises the last dims: a model turns its feature maps before and after.
  if (graph.maps && axis != last)
    return Error{ErrorCode::unsupported, "ONNX has no layer_norm over rows or pixels of a map"};
  if (graph.maps) graph.x = graph.model.node("Transpose", {graph.x}, {{"perm", Ints{0, 2, 3, 1}}});
  const std::string scale = graph.constant(graph.next_param());
  const std::string shift = graph.constant(graph.next_param());
  graph.x = graph.model.node("LayerNormalization", {graph.x, scale, shift},
                             {{"axis", axis}, {"epsilon", graph.task.attrs.get("epsilon", 1e-5)}});
  if (graph.maps) graph.x = graph.model.node("Transpose", {graph.x}, {{"perm", Ints{0, 3, 1, 2}}});
  return {};
}

Status add_instance_norm(PeerGraph& graph, std::string&) {
  const std::string scale = graph.constant(graph.next_param());
  const std::string shift = graph.constant(graph.next_param());
  graph.x = graph.model.node("InstanceNormalization", {graph.x, scale, shift},
                             {{"epsilon", graph.task.attrs.get("epsilon", 1e-5)}});
  return {};
}

Status add_group_norm(PeerGraph& graph, std::string&) {
  const std::string scale = graph.constant(graph.next_param());
  const std::string shift = graph.constant(graph.next_param());
  graph.x = graph.model.node("GroupNormalization", {graph.x, scale, shift},
                             {{"epsilon", graph.task.attrs.get("epsilon", 1e-5)},
                              {"num_groups", graph.task.attrs.get_int("groups", 1)}});
  return {};
}

/// The identity; an x that is smaller than the output is broadcast by the chain, or else by a node.
Status add_map(PeerGraph& graph, std::string&) {
  const Task& task = graph.task;
  if (task.prologue.empty() && task.epilogue.empty() && task.inputs[0].dims == task.outputs[0].dims)
    return Error{ErrorCode::unsupported, "a copy into another layout, which ONNX has no node for"};
  if (task.inputs[0].dims == task.outputs[0].dims || !task.epilogue.empty()) return {};
  Dims dims = task.outputs[0].dims;
  if (graph.maps) dims = {dims[0], dims[3], dims[1], dims[2]};
  graph.x = graph.model.node("Expand", {graph.x, graph.model.integers(dims)});
  return {};
}

Status add_transpose(PeerGraph& graph, std::string&) {
  Ints perm;
  for (size_t i = 0; i < graph.task.outputs[0].dims.size(); ++i)
    perm.push_back(graph.task.attrs.get_int("perm" + std::to_string(i), 0));
  graph.x = graph.model.node("Transpose", {graph.x}, {{"perm", perm}});
  return {};
}

Status add_pad(PeerGraph& graph, std::string&) {
  constexpr const char* modes[] = {"constant", "reflect", "edge"};
  const Attrs& attrs = graph.task.attrs;
  const size_t rank = graph.task.inputs[0].dims.size();
  Ints pads(2 * rank, 0);
  for (size_t d = 0; d < rank; ++d) {
    const auto at = static_cast<size_t>(model_dim(graph, static_cast<int64_t>(d)));
    pads[at] = attrs.get_int("begin" + std::to_string(d), 0);
    pads[at + rank] = attrs.get_int("end" + std::to_string(d), 0);
  }
  graph.x = graph.model.node(
      "Pad", {graph.x, graph.model.integers(pads), graph.model.scalar(attrs.get("value", 0))},
      {{"mode", std::string(modes[attrs.get_int("mode", 0)])}});
  return {};
}

Status add_gather_channels(PeerGraph& graph, std::string&) {
  add_shuffle(graph, graph.task.attrs.get_int("groups", 1));
  return {};
}

Status add_gather(PeerGraph& graph, std::string&) {
  Ints indices;
  for (const float index : graph.next_param().as<float>())
    indices.push_back(static_cast<int64_t>(index));
  const int64_t axis = model_dim(graph, graph.task.attrs.get_int("axis", 0));
  graph.x = graph.model.node("Gather", {graph.x, graph.model.integers(indices)}, {{"axis", axis}});
  return {};
}

const std::map<std::string, AddAnchor>& anchors() {
  static const std::map<std::string, AddAnchor> table = {
      {"conv2d", add_conv},
      {"conv_transpose2d", add_conv},
      {"deform_conv2d", add_deform_conv},
      {"depthwise_pointwise", add_separable},
      {"inverted_residual", add_separable},
      {"squeeze_excite", add_squeeze_excite},
      {"gemm", add_gemm},
      {"matmul", add_matmul},
      {"max_pool2d", add_pool},
      {"avg_pool2d", add_pool},
      {"lp_pool2d", add_pool},
      {"global_avg_pool", one_node("GlobalAveragePool")},
      {"global_max_pool", one_node("GlobalMaxPool")},
      {"reduce", add_reduce},
      {"softmax", add_softmax},
      {"resize2d", add_resize},
      {"lrn", add_lrn},
      {"layer_norm", add_layer_norm},
      {"instance_norm", add_instance_norm},
      {"group_norm", add_group_norm},
      {"map", add_map},
      {"transpose", add_transpose},
      {"pad", add_pad},
      {"gather", add_gather},
      {"gather_channels", add_gather_channels},
  };
  return table;
}

}  // namespace

void add_shuffle(PeerGraph& graph, int64_t groups) {
  const Dims& d = graph.task.inputs[0].dims;
  OnnxWriter& model = graph.model;
  const std::string cut =
      model.node("Reshape", {graph.x, model.integers({d[0], groups, d[3] / groups, d[1], d[2]})});
  const std::string turned = model.node("Transpose", {cut}, {{"perm", Ints{0, 2, 1, 3, 4}}});
  graph.x = model.node("Reshape", {turned, model.integers({d[0], d[3], d[1], d[2]})});
}

int64_t model_dim(const PeerGraph& graph, int64_t view_dim) {
  constexpr int64_t of_map[] = {0, 2, 3, 1};
  return graph.maps ? of_map[view_dim] : view_dim;
}

Status add_anchor(PeerGraph& graph, std::string& bias) {
  const auto found = anchors().find(graph.task.op);
  if (found == anchors().end())
    return Error{ErrorCode::unsupported, "ONNX has no operator " + graph.task.op};
  return found->second(graph, bias);
}

}  // namespace tenfold::cli
