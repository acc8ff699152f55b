// Shape rules and lowering of Gemm and MatMul: gemm where one side is constant, matmul where both
// are computed.
#include <algorithm>
#include <numeric>

#include "graph/edit.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

TensorId swap_last(Lowering& op, TensorId x) {
  std::vector<int64_t> perm(op.dims_of(x).size());
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return op.transpose(x, perm);
}

TensorId scaled(Lowering& op, TensorId x, double factor) {
  if (factor == 1) return x;
  if (!op.tensor(x).constant)
    return op.emit("affine", {x}, op.dims_of(x), {{"values", std::vector<double>{factor, 0}}});
  std::vector<double> values = constant_values(op.tensor(x));
  for (double& value : values) value *= factor;
  return op.constant(op.dims_of(x), values);
}

/// Dims without leading ones, down to rank 2.
Dims trimmed(Dims dims) {
  while (dims.size() > 2 && dims[0] == 1) dims.erase(dims.begin());
  return dims;
}

struct Product {
  Dims a, b;    // rank 2 at least: a vector on the left is a row, on the right a column
  Dims out;     // of the two so extended
  Dims result;  // without the extensions
};

Result<Product> product_of(const Dims& a, const Dims& b) {
  if (a.empty() || b.empty()) return broken("a scalar operand");
  Product p{a, b, {}, {}};
  if (a.size() == 1) p.a.insert(p.a.begin(), 1);
  if (b.size() == 1) p.b.push_back(1);
  if (p.a.back() != p.b[p.b.size() - 2])
    return broken("shapes " + to_string(a) + " and " + to_string(b) + " do not multiply");
  TENFOLD_TRY(p.out, broadcast(Dims(p.a.begin(), p.a.end() - 2), Dims(p.b.begin(), p.b.end() - 2)));
  p.result = p.out;
  p.out.push_back(p.a[p.a.size() - 2]);
  p.out.push_back(p.b.back());
  if (a.size() > 1) p.result.push_back(p.a[p.a.size() - 2]);
  if (b.size() > 1) p.result.push_back(p.b.back());
  return p;
}

}  // namespace

Status shape_gemm(OpView& op) {
  if (op.rank(0) != 2 || op.rank(1) != 2)
    return broken("operands of rank " + std::to_string(op.rank(0)) + " and " +
                  std::to_string(op.rank(1)));
  const bool ta = op.attr("transA", 0) != 0, tb = op.attr("transB", 0) != 0;
  const int64_t m = op.dims(0)[ta], k = op.dims(0)[!ta], n = op.dims(1)[!tb];
  if (op.dims(1)[tb] != k)
    return broken("shapes " + to_string(op.dims(0)) + " and " + to_string(op.dims(1)) +
                  " do not multiply");
  if (op.has(2)) {
    TENFOLD_TRY(const Dims with, broadcast(op.dims(2), {m, n}));
    if (with != Dims{m, n}) return broken("C of shape " + to_string(op.dims(2)));
  }
  return op.set(0, op.in(0).type, {m, n});
}

Status limit_gemm(const OpView& op) {
  if (op.is_constant(0)) return refused("a constant A with computed others");
  return {};
}

Status lower_gemm(Lowering& op) {
  const bool ta = op.attr("transA", 0) != 0, tb = op.attr("transB", 0) != 0;
  const double alpha = op.node().attr_float("alpha", 1), beta = op.node().attr_float("beta", 1);
  const Dims out = op.result_dims();
  const TensorId a = ta ? swap_last(op, op.input(0)) : op.input(0);
  const bool weights = op.is_constant(1);
  std::vector<TensorId> inputs{a};
  if (weights)
    inputs.push_back(scaled(op, tb ? op.input(1) : swap_last(op, op.input(1)), alpha));
  else
    inputs.push_back(tb ? swap_last(op, op.input(1)) : op.input(1));
  const bool with_c = op.has(2) && beta != 0;
  const bool as_bias = with_c && weights && op.is_constant(2) &&
                       (op.rank(2) == 0 || op.dims(2).back() == 1 || op.dims(2).back() == out[1]) &&
                       product(op.dims(2), 0, std::max<size_t>(op.dims(2).size(), 1) - 1) == 1;
  if (as_bias) {
    std::vector<double> bias = constant_values(op.in(2));
    bias.resize(out[1], bias[0]);
    for (double& value : bias) value *= beta;
    inputs.push_back(op.constant({out[1]}, bias));
  }
  if (weights && (as_bias || !with_c)) {
    op.result("gemm", inputs);
    return {};
  }
  TensorId x = op.emit(weights ? "gemm" : "matmul", inputs, out);
  if (!weights) x = scaled(op, x, alpha);
  if (!with_c) {
    op.alias(x);
    return {};
  }
  Dims c_dims = op.dims(2);
  c_dims.insert(c_dims.begin(), 2 - c_dims.size(), 1);
  op.result("add", {x, scaled(op, op.reshape(op.input(2), c_dims), beta)});
  return {};
}

Status shape_matmul(OpView& op) {
  TENFOLD_TRY(Product p, product_of(op.dims(0), op.dims(1)));
  return op.set_any(0, op.in(0).type, std::move(p.result));
}

Status lower_matmul(Lowering& op) {
  TENFOLD_TRY(const Product p, product_of(op.dims(0), op.dims(1)));
  const auto one_matrix = [&](size_t i) {
    return op.is_constant(i) && trimmed(op.dims(i)).size() <= 2;
  };
  if (one_matrix(1)) {  // rows of a, all batches in one
    const TensorId weights = swap_last(op, op.reshape(op.input(1), trimmed(p.b)));
    const TensorId rows = op.reshape(op.input(0), {product(p.a, 0, p.a.size() - 1), p.a.back()});
    op.finish("gemm", {rows, weights}, {op.dims_of(rows)[0], p.b.back()});
    return {};
  }
  if (one_matrix(0)) {  // (a b)' = b' a'
    const TensorId b = swap_last(op, op.reshape(op.input(1), p.b));
    const TensorId rows = op.reshape(b, {product(op.dims_of(b), 0, p.b.size() - 1), p.a.back()});
    const TensorId weights = op.reshape(op.input(0), trimmed(p.a));
    const int64_t m = op.dims_of(weights)[0];
    TensorId y = op.emit("gemm", {rows, weights}, {op.dims_of(rows)[0], m});
    Dims turned = op.dims_of(b);
    turned.back() = m;
    y = op.reshape(y, turned);
    op.alias(swap_last(op, y));
    return {};
  }
  const auto widened = [&p](Dims dims) {
    dims.insert(dims.begin(), p.out.size() - dims.size(), 1);
    return dims;
  };
  op.finish("matmul",
            {op.reshape(op.input(0), widened(p.a)), op.reshape(op.input(1), widened(p.b))}, p.out);
  return {};
}

}  // namespace tenfold::graph
