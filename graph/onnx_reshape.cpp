// Shape rules and lowering of what keeps the elements' order, and of transposes.
#include <algorithm>
#include <numeric>

#include "graph/convert.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {

Status shape_same(OpView& op) {
  return op.set_any(0, op.in(0).type, op.dims(0));
}

Status shape_reshape(OpView& op) {
  TENFOLD_TRY(Dims dims, op.ints(1));
  const bool allow_zero = op.attr("allowzero", 0) != 0;
  TENFOLD_TRY(const int64_t elements, volume(op.dims(0)));
  int open = -1;
  int64_t known = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !allow_zero) {
      if (i >= op.dims(0).size())
        return broken("shape " + to_string(dims) + " copies a dim that the input lacks");
      dims[i] = op.dims(0)[i];
    }
    if (dims[i] == -1) {
      if (open >= 0) return broken("shape " + to_string(dims) + " leaves two dims open");
      open = static_cast<int>(i);
    } else if (dims[i] < 0 || (dims[i] > 0 && known > (int64_t{1} << 40) / dims[i])) {
      return broken("shape " + to_string(dims) + " is no shape");
    } else {
      known *= dims[i];
    }
  }
  if (open >= 0 && known > 0 && elements % known == 0) dims[open] = elements / known;
  const Result<int64_t> reshaped = volume(dims);
  if (!reshaped || *reshaped != elements)
    return broken("cannot reshape " + to_string(op.dims(0)) + " to " + to_string(dims));
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status shape_flatten(OpView& op) {
  TENFOLD_TRY(const int64_t axis, normal_axis(op.attr("axis", 1), op.rank(0), true));
  const Dims& dims = op.dims(0);
  return op.set_any(0, op.in(0).type, {product(dims, 0, axis), product(dims, axis, dims.size())});
}

Status shape_squeeze(OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> given, op.attr_or_input("axes", 1));
  TENFOLD_TRY(const std::vector<int64_t> axes, normal_axes(given, op.rank(0)));
  Dims dims;
  for (int64_t i = 0; i < op.rank(0); ++i) {
    const bool named = std::ranges::find(axes, i) != axes.end();
    if (named && op.dims(0)[i] != 1)
      return broken("squeezes dim " + std::to_string(i) + " of " + to_string(op.dims(0)));
    if (!named && !(axes.empty() && op.dims(0)[i] == 1)) dims.push_back(op.dims(0)[i]);
  }
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status shape_unsqueeze(OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> given, op.attr_or_input("axes", 1));
  const int64_t rank = op.rank(0) + static_cast<int64_t>(given.size());
  TENFOLD_TRY(const std::vector<int64_t> axes, normal_axes(given, rank));
  Dims dims;
  for (int64_t i = 0, from = 0; i < rank; ++i)
    dims.push_back(std::ranges::find(axes, i) != axes.end() ? 1 : op.dims(0)[from++]);
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Result<std::vector<int64_t>> transpose_perm(const OpView& op) {
  std::vector<int64_t> perm(op.rank(0));
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = op.node().attr_ints("perm", perm);
  std::vector<int64_t> sorted = perm, identity(op.rank(0));
  std::ranges::sort(sorted);
  std::iota(identity.begin(), identity.end(), 0);
  if (sorted != identity)
    return broken("perm is no permutation of " + std::to_string(op.rank(0)) + " dims");
  return perm;
}

Status shape_transpose(OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> perm, transpose_perm(op));
  Dims dims;
  for (int64_t from : perm) dims.push_back(op.dims(0)[from]);
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status shape_dropout(OpView& op) {
  TENFOLD_CHECK(op.set_any(1, DType::boolean, op.dims(0)));
  return shape_same(op);
}

Status limit_dropout(const OpView& op) {
  if (op.is_constant(2)) {
    TENFOLD_TRY(const std::vector<int64_t> training, op.ints(2));
    if (!training.empty() && training[0] != 0) return refused("training mode");
  }
  return {};
}

Result<DType> element_type(int64_t onnx) {
  switch (onnx) {  // TensorProto.DataType; what is narrower than its DType here is refused where it
                   // matters
    case 1:
    case 10:
    case 16:
      return DType::f32;
    case 11:
      return DType::f64;
    case 2:
      return DType::u8;
    case 3:
      return DType::i8;
    case 5:
    case 6:
      return DType::i32;
    case 4:
    case 7:
    case 12:
    case 13:
      return DType::i64;
    case 9:
      return DType::boolean;
    default:
      return refused("element type " + std::to_string(onnx));
  }
}

Status shape_cast(OpView& op) {
  TENFOLD_TRY(const DType type, element_type(op.attr("to", 0)));
  return op.set_any(0, type, op.dims(0));
}

Status shape_cast_like(OpView& op) {
  return op.set_any(0, op.in(1).type, op.dims(0));
}

Status limit_cast(const OpView& op) {
  const int64_t to = op.attr("to", 0);  // of TensorProto.DataType: those of 32 and 64 bits
  const bool counts = op.node().op == "Cast" && (to == 6 || to == 7 || to == 12 || to == 13);
  if (op.out(0).type != DType::f32 && !(counts && is_integer(op.in(0).type)))
    return refused("a computed cast to " + std::string(to_string(op.out(0).type)));
  return {};
}

Status lower_alias(Lowering& op) {
  op.alias(op.input(0));
  return {};
}

Status lower_transpose(Lowering& op) {
  TENFOLD_TRY(std::vector<int64_t> perm, transpose_perm(op));
  op.result("transpose", {op.input(0)}, {{"perm", std::move(perm)}});
  return {};
}

}  // namespace tenfold::graph
