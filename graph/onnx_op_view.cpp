// What the operators' rules share: reading constant inputs, stating outputs, axes and broadcasting.
#include <algorithm>

#include "graph/convert.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

constexpr int64_t longest_list = 4096;  // of numbers that stand for attributes
constexpr int64_t most_elements = int64_t{1} << 34;

template <class V>
Result<V> list_of(const OpView& op, size_t i, V (*read)(const Array&)) {
  const std::string what = "input " + std::to_string(i);
  if (!op.has(i)) return broken(what + " is missing");
  if (!op.is_constant(i)) return refused(what + " ('" + op.in(i).name + "') must be constant");
  if (op.in(i).constant->elements() > longest_list) return broken(what + " has over 4096 numbers");
  return read(*op.in(i).constant);
}

}  // namespace

Result<std::vector<int64_t>> OpView::ints(size_t i) const {
  return list_of(*this, i, to_ints);
}
Result<std::vector<double>> OpView::floats(size_t i) const {
  return list_of(*this, i, to_doubles);
}

Result<std::vector<int64_t>> OpView::attr_or_input(const char* name, size_t i) const {
  if (has_attr(name)) return node_.attr_ints(name, {});
  if (has(i)) return ints(i);
  return std::vector<int64_t>{};
}

Status OpView::set_any(size_t i, DType type, Dims dims) {
  if (!wants(i)) return {};
  if (dims.size() > 32) return broken("a result of rank " + std::to_string(dims.size()));
  TENFOLD_TRY(const int64_t elements, volume(dims));
  if (elements > most_elements)
    return broken("a result of shape " + to_string(dims) + " is too large");
  Tensor& tensor = network_.tensors[node_.outputs[i]];
  tensor.type = type;
  tensor.dims = std::move(dims);
  tensor.shape_known = true;
  return {};
}

Status OpView::set(size_t i, DType type, Dims dims) {
  if (std::ranges::find(dims, 0) != dims.end())
    return broken("a result of shape " + to_string(dims) + " is empty");
  return set_any(i, type, std::move(dims));
}

Result<int64_t> normal_axis(int64_t axis, int64_t rank, bool end) {
  if (axis < -rank || axis > rank || (axis == rank && !end))
    return broken("axis " + std::to_string(axis) + " does not exist in rank " +
                  std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> normal_axes(const std::vector<int64_t>& axes, int64_t rank) {
  std::vector<int64_t> normal;
  for (int64_t axis : axes) {
    TENFOLD_TRY(const int64_t at, normal_axis(axis, rank));
    normal.push_back(at);
  }
  std::ranges::sort(normal);
  if (std::ranges::adjacent_find(normal) != normal.end()) return broken("an axis is named twice");
  return normal;
}

int64_t product(const Dims& dims, size_t begin, size_t end) {
  int64_t result = 1;
  for (size_t i = begin; i < end; ++i) result *= dims[i];
  return result;
}

Result<Dims> broadcast(const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t x = i < out.size() - a.size() ? 1 : a[i - (out.size() - a.size())];
    const int64_t y = i < out.size() - b.size() ? 1 : b[i - (out.size() - b.size())];
    if (x != y && x != 1 && y != 1)
      return broken("shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast");
    out[i] = x == 1 ? y : x;
  }
  return out;
}

}  // namespace tenfold::graph
