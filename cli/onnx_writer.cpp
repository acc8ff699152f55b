#include "cli/onnx_writer.h"

#include <onnx-ml.pb.h>

namespace tenfold::cli {
namespace {

constexpr int64_t ir_version = 10, opset = 21;

void set_float_type(onnx::ValueInfoProto& value, const std::string& name, const Dims& dims) {
  value.set_name(name);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape();
  for (const int64_t extent : dims) type.mutable_shape()->add_dim()->set_dim_value(extent);
}

struct SetAttribute {
  onnx::AttributeProto& attribute;
  void operator()(int64_t value) const {
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }
  void operator()(double value) const {
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(static_cast<float>(value));
  }
  void operator()(const std::string& value) const {
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) attribute.add_ints(value);
  }
};

}  // namespace

struct OnnxWriter::State {
  onnx::ModelProto model;
  onnx::GraphProto& graph = *model.mutable_graph();
  int names = 0;

  std::string name(const char* stem) { return stem + std::to_string(names++); }
};

OnnxWriter::OnnxWriter() : state_(std::make_unique<State>()) {
  state_->model.set_ir_version(ir_version);
  state_->model.add_opset_import()->set_version(opset);
  state_->graph.set_name("operator");
}

OnnxWriter::~OnnxWriter() = default;

std::string OnnxWriter::input(const Dims& dims) {
  const std::string name = "x" + std::to_string(state_->graph.input_size());
  set_float_type(*state_->graph.add_input(), name, dims);
  return name;
}

std::string OnnxWriter::constant(const Dims& dims, std::span<const float> values) {
  onnx::TensorProto& tensor = *state_->graph.add_initializer();
  tensor.set_name(state_->name("constant"));
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : dims) tensor.add_dims(extent);
  tensor.set_raw_data(values.data(), values.size_bytes());
  return tensor.name();
}

std::string OnnxWriter::scalar(double value) {
  const auto single = static_cast<float>(value);
  return constant({}, {&single, 1});
}

std::string OnnxWriter::integers(const std::vector<int64_t>& values) {
  onnx::TensorProto& tensor = *state_->graph.add_initializer();
  tensor.set_name(state_->name("integers"));
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  tensor.set_raw_data(values.data(), values.size() * sizeof(int64_t));
  return tensor.name();
}

std::string OnnxWriter::node(const std::string& op, const std::vector<std::string>& inputs,
                             const Attributes& attributes) {
  onnx::NodeProto& node = *state_->graph.add_node();
  node.set_op_type(op);
  node.set_name(state_->name("node"));
  for (const std::string& name : inputs) node.add_input(name);
  for (const auto& [name, value] : attributes) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    std::visit(SetAttribute{attribute}, value);
  }
  const std::string output = state_->name("t");
  node.add_output(output);
  return output;
}

std::string OnnxWriter::finish(const std::string& tensor, const Dims& dims) {
  set_float_type(*state_->graph.add_output(), "y", dims);
  for (onnx::NodeProto& node : *state_->graph.mutable_node()) {
    for (std::string& name : *node.mutable_output())
      if (name == tensor) name = "y";
    for (std::string& name : *node.mutable_input())
      if (name == tensor) name = "y";
  }
  return state_->model.SerializeAsString();
}

}  // namespace tenfold::cli
