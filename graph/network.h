// Network: the imported model. Tensors and nodes in topological order; shapes are bound and known
// after graph/infer; dims are in the model's own order (NCHW) until layout.
//
// Nodes speak ONNX after import (op "Conv", "Relu", ...: the operator's name there) and tenfold's
// own names once the passes have run (dsl's anchors and stage kinds: "conv2d", "relu", "add",
// "concat", ...). A pass is one free function `Status name(Network&)` in its own file, with its
// contract in one comment, and leaves the network valid (check()).
#pragma once
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/types.h"

namespace tenfold::graph {

using TensorId = int;
constexpr TensorId no_tensor = -1;  // an optional input that is absent

struct Tensor {
  std::string name;
  DType type = DType::f32;
  Dims dims;  // -1 is an extent not known yet
  bool shape_known = false;
  std::shared_ptr<const Array> constant;  // null: computed, or an input of the network
};

using AttrValue = std::variant<int64_t, double, std::string, std::vector<int64_t>,
                               std::vector<double>, std::shared_ptr<const Array>>;

struct Node {
  std::string op;
  std::string name;  // as the model has it, or made from the first output's name
  std::map<std::string, AttrValue> attrs;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;

  int64_t attr_int(const std::string& name, int64_t otherwise) const;
  double attr_float(const std::string& name, double otherwise) const;
  std::string attr_string(const std::string& name, const std::string& otherwise) const;
  std::vector<int64_t> attr_ints(const std::string& name,
                                 const std::vector<int64_t>& otherwise) const;
  std::vector<double> attr_floats(const std::string& name,
                                  const std::vector<double>& otherwise) const;
};

/// Something in the model that tenfold does not do.
struct Unsupported {
  std::string node, op, rule;
};

struct Network {
  std::string file;  // for messages
  int64_t opset = 0;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
  std::vector<TensorId> inputs;  // what the user binds: no initializers
  std::vector<TensorId> outputs;
  std::map<std::string, int> onnx_ops;  // how often each ONNX operator stands in the file
  std::vector<Unsupported>
      unsupported;  // found while importing: such a network has no passes run over it

  TensorId add_tensor(Tensor tensor);
  /// The node that makes a tensor, or -1.
  int producer(TensorId tensor) const;
  /// The nodes that read a tensor; a node that reads it twice is listed once.
  std::vector<int> consumers(TensorId tensor) const;
  bool is_output(TensorId tensor) const;
};

/// Nodes are in topological order, each tensor has one producer, ids are in range. A failure is a
/// bug of a pass.
Status check(const Network& network);

}  // namespace tenfold::graph
