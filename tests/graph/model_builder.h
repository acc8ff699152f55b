// ONNX models by hand, right or wrong, written to a file of their own: what the importer is tested
// on.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "graph/import.h"
#include "onnx-ml.pb.h"

namespace tenfold::graph {

/// A folder that goes away with the test.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("tenfold_graph_" + std::to_string(getpid()) + "_" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class ModelBuilder {
 public:
  explicit ModelBuilder(int64_t opset = 13) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  /// A dim of -1 is named after its place, one of 0 is left without a value.
  void input(const std::string& name, const Dims& dims,
             onnx::TensorProto::DataType type = onnx::TensorProto::FLOAT) {
    auto& tensor = *graph().add_input();
    tensor.set_name(name);
    tensor.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    auto& shape = *tensor.mutable_type()->mutable_tensor_type()->mutable_shape();
    for (int64_t extent : dims) {
      auto& dim = *shape.add_dim();
      if (extent > 0) dim.set_dim_value(extent);
      if (extent == -1) dim.set_dim_param("d" + std::to_string(shape.dim_size() - 1));
    }
  }

  void output(const std::string& name) { graph().add_output()->set_name(name); }

  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
    auto& made = *graph().add_node();
    made.set_op_type(op);
    made.set_name("the_" + op);
    for (const std::string& name : inputs) made.add_input(name);
    for (const std::string& name : outputs) made.add_output(name);
    return made;
  }

  onnx::TensorProto& initializer(const std::string& name, const Dims& dims,
                                 onnx::TensorProto::DataType type = onnx::TensorProto::FLOAT) {
    auto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (int64_t extent : dims) tensor.add_dims(extent);
    return tensor;
  }

  void floats(const std::string& name, const Dims& dims, float value = 0.5f) {
    auto& tensor = initializer(name, dims);
    for (int64_t i = 0; i < volume(dims).value(); ++i) tensor.add_float_data(value);
  }

  void ints(const std::string& name, const std::vector<int64_t>& values) {
    auto& tensor =
        initializer(name, {static_cast<int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (int64_t value : values) tensor.add_int64_data(value);
  }

  static void set_ints(onnx::NodeProto& node, const std::string& name,
                       const std::vector<int64_t>& values) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute.add_ints(value);
  }

  static void set_int(onnx::NodeProto& node, const std::string& name, int64_t value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }

  /// x {1,3,8,8} -> Conv 3x3 -> y: what tests spoil.
  static ModelBuilder conv() {
    ModelBuilder builder;
    builder.input("x", {1, 3, 8, 8});
    builder.floats("w", {4, 3, 3, 3});
    builder.floats("b", {4});
    builder.node("Conv", {"x", "w", "b"}, {"y"});
    builder.output("y");
    return builder;
  }

  std::string bytes() const { return model.SerializeAsString(); }

  Result<Network> import(const ImportOptions& options = {}) const {
    const TempFolder folder;
    write_file(folder.file("model.onnx"), bytes());
    return import_onnx(folder.file("model.onnx"), options);
  }

  onnx::ModelProto model;
};

}  // namespace tenfold::graph
