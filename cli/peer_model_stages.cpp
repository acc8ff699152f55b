// Stage kinds as ONNX nodes: what docs/operators.md calls them, in one table.
#include <map>

#include "cli/peer_model_parts.h"
#include "dsl/stage.h"

namespace tenfold::cli {
namespace {

using Names = std::vector<std::string>;

/// Functions of one value that are one node, with the names of its attributes.
struct UnaryNode {
  const char* op;
  std::vector<const char*> attributes;  // the stage's numbers
};

const std::map<std::string, UnaryNode>& unary_nodes() {
  static const std::map<std::string, UnaryNode> table = {
      {"relu", {"Relu", {}}},
      {"sigmoid", {"Sigmoid", {}}},
      {"tanh", {"Tanh", {}}},
      {"hard_swish", {"HardSwish", {}}},
      {"mish", {"Mish", {}}},
      {"gelu", {"Gelu", {}}},
      {"erf", {"Erf", {}}},
      {"exp", {"Exp", {}}},
      {"log", {"Log", {}}},
      {"sqrt", {"Sqrt", {}}},
      {"abs", {"Abs", {}}},
      {"neg", {"Neg", {}}},
      {"softplus", {"Softplus", {}}},
      {"selu", {"Selu", {}}},
      {"reciprocal", {"Reciprocal", {}}},
      {"floor", {"Floor", {}}},
      {"ceil", {"Ceil", {}}},
      {"round", {"Round", {}}},
      {"leaky_relu", {"LeakyRelu", {"alpha"}}},
      {"elu", {"Elu", {"alpha"}}},
      {"hard_sigmoid", {"HardSigmoid", {"alpha", "beta"}}},
  };
  return table;
}

const std::map<std::string, const char*>& binary_nodes() {
  static const std::map<std::string, const char*> table = {
      {"add", "Add"}, {"sub", "Sub"}, {"mul", "Mul"},  {"div", "Div"},
      {"max", "Max"}, {"min", "Min"}, {"rsub", "Sub"}, {"rdiv", "Div"},
  };
  return table;
}

std::string two_nodes(PeerGraph& graph, const char* first, const char* second) {
  return graph.model.node(second, {graph.x, graph.model.node(first, {graph.x})});
}

/// A batch normalisation as a model has it, with the mean 0 and the variance 1.
std::string normalised(PeerGraph& graph) {
  const Array& scale = graph.next_param();
  const Array& shift = graph.next_param();
  const Array zeros(DType::f32, scale.dims());
  Array ones(DType::f32, scale.dims());
  for (float& value : ones.as<float>()) value = 1;
  return graph.model.node("BatchNormalization",
                          {graph.x, graph.constant(scale), graph.constant(shift),
                           graph.constant(zeros), graph.constant(ones)},
                          {{"epsilon", 0.0}});
}

/// Functions of more than one node, or with constants. Empty: not known.
std::string composed(PeerGraph& graph, const Stage& stage) {
  OnnxWriter& model = graph.model;
  const std::string& kind = stage.kind;
  const auto value = [&](size_t i) { return model.scalar(stage.values[i]); };
  if (kind == "silu") return two_nodes(graph, "Sigmoid", "Mul");
  if (kind == "gelu_tanh")
    return model.node("Gelu", {graph.x}, {{"approximate", std::string("tanh")}});
  if (kind == "clip") return model.node("Clip", {graph.x, value(0), value(1)});
  if (kind == "pow") return model.node("Pow", {graph.x, value(0)});
  if (kind == "affine")
    return model.node("Add", {model.node("Mul", {graph.x, value(0)}), value(1)});
  if (kind == "bias") return model.node("Add", {graph.x, graph.channel_constant()});
  if (kind == "scale") return model.node("Mul", {graph.x, graph.channel_constant()});
  if (kind == "prelu") return model.node("PRelu", {graph.x, graph.channel_constant()});
  if (kind == "scale_shift" && graph.maps) return normalised(graph);
  if (kind == "scale_shift") {
    const std::string scaled = model.node("Mul", {graph.x, graph.channel_constant()});
    return model.node("Add", {scaled, graph.channel_constant()});
  }
  return "";
}

}  // namespace

std::string PeerGraph::constant(const Array& values) {
  return model.constant(values.dims(), values.as<float>());
}

std::string PeerGraph::channel_constant() {
  const Array& values = next_param();
  const Dims dims = maps ? Dims{values.elements(), 1, 1} : Dims{values.elements()};
  return model.constant(dims, values.as<float>());
}

Status add_stage(PeerGraph& graph, const Stage& stage) {
  const auto unary = unary_nodes().find(stage.kind);
  if (unary != unary_nodes().end()) {
    OnnxWriter::Attributes attributes;
    for (size_t i = 0; i < unary->second.attributes.size(); ++i)
      attributes.emplace_back(unary->second.attributes[i], stage.values[i]);
    graph.x = graph.model.node(unary->second.op, {graph.x}, attributes);
    return {};
  }
  const auto binary = binary_nodes().find(stage.kind);
  if (binary != binary_nodes().end()) {
    const std::string& operand = graph.inputs[static_cast<size_t>(stage.input)];
    const bool reversed = stage.kind == "rsub" || stage.kind == "rdiv";
    graph.x = graph.model.node(binary->second,
                               reversed ? Names{operand, graph.x} : Names{graph.x, operand});
    return {};
  }
  const std::string made = composed(graph, stage);
  if (made.empty()) return Error{ErrorCode::unsupported, "ONNX has no node for " + stage.kind};
  graph.x = made;
  return {};
}

}  // namespace tenfold::cli
