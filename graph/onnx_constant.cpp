// Shape rules of what exporters build shapes and masks with: these have no computed form, and are
// folded.
#include <cmath>

#include "graph/onnx_families.h"

namespace tenfold::graph {

Status shape_shape(OpView& op) {
  const int64_t rank = op.rank(0);
  const auto bound = [rank](int64_t at) {
    return at < 0 ? std::max<int64_t>(at + rank, 0) : std::min(at, rank);
  };
  const int64_t from = bound(std::max(op.attr("start", 0), -rank)),
                to = bound(std::max(op.attr("end", rank), -rank));
  return op.set_any(0, DType::i64, {std::max<int64_t>(to - from, 0)});
}

Status shape_size(OpView& op) {
  return op.set_any(0, DType::i64, {});
}

Status shape_constant_of_shape(OpView& op) {
  TENFOLD_TRY(const Dims dims, op.ints(0));
  DType type = DType::f32;
  if (const auto found = op.node().attrs.find("value"); found != op.node().attrs.end()) {
    const auto* value = std::get_if<std::shared_ptr<const Array>>(&found->second);
    if (!value || (*value)->elements() != 1) return broken("value is no single number");
    type = (*value)->type();
  }
  return op.set_any(0, type, dims);
}

Status shape_range(OpView& op) {
  double numbers[3];
  for (size_t i = 0; i < 3; ++i) {
    TENFOLD_TRY(const std::vector<double> value, op.floats(i));
    if (value.size() != 1) return broken("input " + std::to_string(i) + " is no single number");
    numbers[i] = value[0];
  }
  const double count = std::ceil((numbers[1] - numbers[0]) / numbers[2]);
  if (!(std::abs(count) < 17179869184.0)) return broken("a range without end");
  return op.set_any(0, op.in(0).type, {std::max<int64_t>(0, static_cast<int64_t>(count))});
}

Status shape_eye_like(OpView& op) {
  if (op.rank(0) != 2) return broken("input of rank " + std::to_string(op.rank(0)));
  DType type = op.in(0).type;
  if (op.has_attr("dtype")) {
    TENFOLD_TRY(type, element_type(op.attr("dtype", 0)));
  }
  return op.set_any(0, type, op.dims(0));
}

Status shape_cum_sum(OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> axis, op.ints(1));
  if (axis.size() != 1) return broken("axis is no single number");
  TENFOLD_CHECK(normal_axis(axis[0], op.rank(0)));
  return shape_same(op);
}

Status shape_where(OpView& op) {
  TENFOLD_TRY(const Dims values, broadcast(op.dims(1), op.dims(2)));
  TENFOLD_TRY(Dims dims, broadcast(op.dims(0), values));
  return op.set_any(0, op.in(1).type, std::move(dims));
}

Status shape_compare(OpView& op) {
  Dims dims = op.dims(0);
  if (op.has(1)) {
    TENFOLD_TRY(dims, broadcast(op.dims(0), op.dims(1)));
  }
  return op.set_any(0, DType::boolean, std::move(dims));
}

}  // namespace tenfold::graph
