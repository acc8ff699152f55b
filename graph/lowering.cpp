#include <algorithm>
#include <cassert>

#include "graph/edit.h"
#include "graph/fold.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {

std::string Lowering::fresh_name(const std::string& op) const {
  return network_.tensors[node_.outputs[0]].name + "/" + op +
         std::to_string(network_.tensors.size());
}

Node Lowering::begin(const std::string& op, std::vector<TensorId> inputs, Attrs attrs) const {
  return {op, node_.name, std::move(attrs), std::move(inputs), {}};
}

TensorId Lowering::emit(const std::string& op, std::vector<TensorId> inputs, Dims dims,
                        Attrs attrs) {
  Node node = begin(op, std::move(inputs), std::move(attrs));
  const TensorId id =
      network_.add_tensor({fresh_name(op), DType::f32, std::move(dims), true, nullptr});
  node.outputs = {id};
  made_.push_back(std::move(node));
  return id;
}

void Lowering::finish(const std::string& op, std::vector<TensorId> inputs, Dims dims, Attrs attrs,
                      size_t i) {
  if (dims == result_dims(i)) return result(op, std::move(inputs), std::move(attrs), i);
  const TensorId computed = emit(op, std::move(inputs), std::move(dims), std::move(attrs));
  result("reshape", {computed}, {}, i);
}

void Lowering::result(const std::string& op, std::vector<TensorId> inputs, Attrs attrs, size_t i) {
  Node node = begin(op, std::move(inputs), std::move(attrs));
  node.outputs = {node_.outputs[i]};
  network_.tensors[node_.outputs[i]].type = DType::f32;
  made_.push_back(std::move(node));
}

TensorId Lowering::reshape(TensorId x, Dims dims) {
  if (dims_of(x) == dims) return x;
  if (tensor(x).constant) return constant(dims, constant_values(tensor(x)));
  return emit("reshape", {x}, std::move(dims));
}

void Lowering::alias(TensorId x, size_t i) {
  result(dims_of(x) == result_dims(i) ? "map" : "reshape", {x}, {}, i);
}

TensorId Lowering::constant(Dims dims, const std::vector<double>& values) {
  Tensor made{fresh_name("constant"), DType::f32, dims, true, nullptr};
  made.constant = std::make_shared<const Array>(float_array(std::move(dims), values));
  return network_.add_tensor(std::move(made));
}

TensorId Lowering::slice(TensorId x, Dims starts, Dims extents) {
  std::vector<int64_t> steps(starts.size(), 1);
  return emit("slice", {x}, std::move(extents),
              {{"starts", std::move(starts)}, {"steps", std::move(steps)}});
}

TensorId Lowering::transpose(TensorId x, const std::vector<int64_t>& perm) {
  Dims dims;
  for (int64_t from : perm) dims.push_back(dims_of(x)[from]);
  if (tensor(x).constant)
    return constant(dims, constant_values(Tensor{"", DType::f32, dims, true,
                                                 std::make_shared<const Array>(
                                                     transpose_array(*tensor(x).constant, perm))}));
  return emit("transpose", {x}, std::move(dims), {{"perm", perm}});
}

}  // namespace tenfold::graph
