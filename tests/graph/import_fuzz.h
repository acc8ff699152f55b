// Models spoiled at random, byte by byte and field by field, from a seed.
#pragma once
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "graph/onnx_op.h"
#include "onnx-ml.pb.h"

namespace tenfold::graph {

class Spoiler {
 public:
  explicit Spoiler(uint64_t seed) : random_(seed) {}

  /// Flips, cuts, repeats or overwrites some bytes.
  std::string spoil_bytes(std::string bytes) {
    for (size_t times = 1 + below(3); times > 0 && !bytes.empty(); --times) {
      const size_t at = below(bytes.size());
      switch (below(5)) {
        case 0:
          bytes.resize(at);
          break;
        case 1:
          bytes[at] = static_cast<char>(random_());
          break;
        case 2:
          bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
          break;
        case 3:
          bytes.insert(at, bytes.substr(at, below(64)));
          break;
        default:
          bytes.replace(at, 1, below(2) ? "\xff\xff\xff\xff\x07" : std::string(1, '\0'));
      }
    }
    return bytes;
  }

  /// Changes some fields to numbers, names and operators that do not belong there.
  void spoil_fields(onnx::ModelProto& model) {
    for (size_t times = 1 + below(3); times > 0; --times) spoil_field(*model.mutable_graph());
  }

 private:
  size_t below(size_t count) { return count == 0 ? 0 : static_cast<size_t>(random_() % count); }

  int64_t number() {
    static constexpr int64_t odd[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      -2,
                                      7,
                                      64,
                                      1 << 20,
                                      -(1 << 20),
                                      int64_t{1} << 31,
                                      int64_t{1} << 40,
                                      INT64_MAX,
                                      INT64_MIN};
    return odd[below(std::size(odd))];
  }

  std::string name(const onnx::GraphProto& graph) {
    const auto& node = graph.node(static_cast<int>(below(graph.node_size())));
    if (below(4) == 0 && graph.initializer_size() > 0)
      return graph.initializer(static_cast<int>(below(graph.initializer_size()))).name();
    if (below(8) == 0) return "";
    if (below(2) == 0 && node.input_size() > 0)
      return node.input(static_cast<int>(below(node.input_size())));
    return node.output_size() > 0 ? node.output(static_cast<int>(below(node.output_size()))) : "x";
  }

  void spoil_field(onnx::GraphProto& graph) {
    if (graph.node_size() == 0) return;
    auto& node = *graph.mutable_node(static_cast<int>(below(graph.node_size())));
    switch (below(8)) {
      case 0:
        node.set_op_type(onnx_ops()[below(onnx_ops().size())].name);
        break;
      case 1:
        if (node.input_size() > 0)
          node.set_input(static_cast<int>(below(node.input_size())), name(graph));
        break;
      case 2:
        node.add_input(name(graph));
        break;
      case 3:
        if (node.output_size() > 0)
          node.set_output(static_cast<int>(below(node.output_size())), name(graph));
        break;
      case 4:
        if (node.attribute_size() > 0)
          spoil_attribute(*node.mutable_attribute(static_cast<int>(below(node.attribute_size()))));
        break;
      case 5:
        if (graph.initializer_size() > 0)
          spoil_tensor(
              *graph.mutable_initializer(static_cast<int>(below(graph.initializer_size()))));
        break;
      case 6:
        if (graph.input_size() > 0)
          spoil_input(*graph.mutable_input(static_cast<int>(below(graph.input_size()))));
        break;
      default: {
        auto& attribute = *node.add_attribute();
        static constexpr const char* names[] = {"axis",     "axes",      "strides", "pads",
                                                "group",    "perm",      "split",   "blocksize",
                                                "keepdims", "dilations", "mode"};
        attribute.set_name(names[below(std::size(names))]);
        attribute.set_type(below(2) ? onnx::AttributeProto::INTS : onnx::AttributeProto::INT);
        attribute.set_i(number());
        for (size_t count = below(5); count > 0; --count) attribute.add_ints(number());
      }
    }
  }

  void spoil_attribute(onnx::AttributeProto& attribute) {
    if (attribute.has_t()) spoil_tensor(*attribute.mutable_t());
    if (attribute.ints_size() > 0)
      attribute.set_ints(static_cast<int>(below(attribute.ints_size())), number());
    if (attribute.floats_size() > 0) attribute.set_floats(0, static_cast<float>(number()));
    attribute.set_i(number());
    attribute.set_f(below(3) ? static_cast<float>(number()) : NAN);
    if (below(4) == 0) attribute.set_s("nonsense");
    if (below(6) == 0) attribute.add_ints(number());
  }

  void spoil_tensor(onnx::TensorProto& tensor) {
    if (below(2) && tensor.dims_size() > 0)
      tensor.set_dims(static_cast<int>(below(tensor.dims_size())), number());
    else if (below(2))
      tensor.add_dims(below(2) ? 1 : number());
    else if (below(2))
      tensor.set_data_type(static_cast<int>(below(24)));
    else if (tensor.int64_data_size() > 0)
      tensor.set_int64_data(static_cast<int>(below(tensor.int64_data_size())), number());
    else if (tensor.raw_data().size() >= 8) {
      const int64_t value = number();
      tensor.mutable_raw_data()->replace(below(tensor.raw_data().size() / 8) * 8, 8,
                                         reinterpret_cast<const char*>(&value), 8);
    }
  }

  void spoil_input(onnx::ValueInfoProto& input) {
    auto& type = *input.mutable_type()->mutable_tensor_type();
    if (type.shape().dim_size() > 0)
      type.mutable_shape()
          ->mutable_dim(static_cast<int>(below(type.shape().dim_size())))
          ->set_dim_value(number());
    if (below(4) == 0) type.mutable_shape()->add_dim()->set_dim_value(number());
    if (below(8) == 0) type.set_elem_type(static_cast<int>(below(24)));
  }

  std::mt19937_64 random_;
};

}  // namespace tenfold::graph
