// Shape rule and lowering of element-wise operators of two or more tensors. Constants become stages
// with numbers (affine, clip, pow) or with one number a channel (bias, scale); all other operands
// get the rank of the result.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/edit.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

using Values = std::vector<double>;

constexpr double largest = std::numeric_limits<float>::max();
constexpr double smallest = std::numeric_limits<float>::min();  // whose inverse is finite

Dims widened(Dims dims, size_t rank) {
  dims.insert(dims.begin(), rank - dims.size(), 1);
  return dims;
}

/// What is emitted: a stage with numbers over x.
struct Scalar {
  const char* kind;
  Values values;
};

/// `x op c`, or `c op x` when swapped, as one stage; an empty kind where there is none.
Scalar with_scalar(const std::string& op, double c, bool swapped) {
  if (op == "Add" || op == "Sum") return {"affine", {1, c}};
  if (op == "Sub") return swapped ? Scalar{"affine", {-1, c}} : Scalar{"affine", {1, -c}};
  if (op == "Mul") return {"affine", {c, 0}};
  if (op == "Div" && !swapped) return {"affine", {1 / c, 0}};
  const double bound = std::clamp(c, -largest, largest);
  if (op == "Max") return c == 0 ? Scalar{"relu", {}} : Scalar{"clip", {bound, largest}};
  if (op == "Min") return {"clip", {-largest, bound}};
  if (op == "Pow" && !swapped) {
    if (c == 1) return {"affine", {1, 0}};
    if (c == 0.5) return {"sqrt", {}};
    if (c == -1) return {"reciprocal", {}};
    return {"pow", {c}};
  }
  return {"", {}};
}

struct Channels {
  const char* kind;
  std::vector<Values> constants;
};

Channels with_channels(const std::string& op, Values c, bool swapped) {
  if (op == "Add" || op == "Sum") return {"bias", {std::move(c)}};
  if (op == "Sub" && swapped) return {"scale_shift", {Values(c.size(), -1), std::move(c)}};
  if (op == "Sub") {
    for (double& v : c) v = -v;
    return {"bias", {std::move(c)}};
  }
  if (op == "Mul") return {"scale", {std::move(c)}};
  if (op == "Div" && !swapped) {
    for (double& v : c) v = 1 / v;
    return {"scale", {std::move(c)}};
  }
  return {"", {}};
}

/// The dim that a constant of these (widened) dims runs along when it runs along one only, else -1.
int64_t only_dim(const Dims& dims) {
  int64_t found = -1;
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i] != 1) {
      if (found >= 0) return -1;
      found = static_cast<int64_t>(i);
    }
  return found;
}

const char* tensor_kind(const std::string& op, bool swapped) {
  if (op == "Add" || op == "Sum") return "add";
  if (op == "Sub") return swapped ? "rsub" : "sub";
  if (op == "Mul") return "mul";
  if (op == "Div") return swapped ? "rdiv" : "div";
  return op == "Max" ? "max" : "min";
}

/// One step of two operands, where `out` is the broadcast of their dims; the last one makes the
/// node's output.
TensorId combine(Lowering& op, const std::string& name, TensorId a, TensorId b, const Dims& out,
                 bool last) {
  const bool swapped = op.tensor(a).constant != nullptr;
  if (swapped) std::swap(a, b);
  a = op.reshape(a, widened(op.dims_of(a), out.size()));
  b = op.reshape(b, widened(op.dims_of(b), out.size()));
  const auto put = [&](const std::string& kind, std::vector<TensorId> inputs,
                       Lowering::Attrs attrs = {}) -> TensorId {
    if (!last) return op.emit(kind, std::move(inputs), out, std::move(attrs));
    op.result(kind, std::move(inputs), std::move(attrs));
    return no_tensor;
  };
  if (op.tensor(b).constant && op.dims_of(a) == out) {
    const Values c = constant_values(op.tensor(b));
    if (std::ranges::all_of(c, [&](double v) { return v == c[0]; })) {
      Scalar stage = with_scalar(name, c[0], swapped);
      if (*stage.kind) {
        if (stage.values.empty()) return put(stage.kind, {a});
        return put(stage.kind, {a}, {{"values", std::move(stage.values)}});
      }
      if (name == "Div") {  // c / x
        const TensorId inverse = op.emit("reciprocal", {a}, out);
        return put("affine", {inverse}, {{"values", Values{c[0], 0}}});
      }
    }
    const int64_t dim = only_dim(op.dims_of(b));
    const auto rank = static_cast<int64_t>(out.size());
    const Channels stage = with_channels(name, c, swapped);
    if (*stage.kind && last && dim == 1 && rank > 2) {
      finish_channel_stage(op, stage.kind, a, stage.constants);
      return no_tensor;
    }
    if (*stage.kind && dim == (rank == 4 ? 1 : rank - 1)) {
      std::vector<TensorId> inputs{a};
      for (const Values& values : stage.constants)
        inputs.push_back(op.constant({static_cast<int64_t>(values.size())}, values));
      return put(stage.kind, std::move(inputs));
    }
  }
  const bool turned =
      !swapped && op.dims_of(a) != out && op.dims_of(b) == out && !op.tensor(b).constant;
  if (turned) std::swap(a, b);
  return put(tensor_kind(name, swapped || turned), {a, b});
}

}  // namespace

Status shape_broadcast(OpView& op) {
  Dims dims = op.dims(0);
  for (size_t i = 1; i < op.inputs(); ++i) {
    TENFOLD_TRY(dims, broadcast(dims, op.dims(i)));
    if (op.in(i).type != op.in(0).type && op.node().op != "Pow")
      return broken("operands of different element types");
  }
  return op.set_any(0, op.in(0).type, std::move(dims));
}

Status limit_binary(const OpView& op) {
  const bool bounds = op.node().op == "Max" || op.node().op == "Min";
  for (size_t i = 0; i < op.inputs(); ++i) {
    const bool divides = op.node().op == "Div" && i == 1;
    for (double v : constant_values(op.in(i)))
      if (divides ? !(std::abs(v) >= smallest)
                  : !(std::abs(v) <= largest || (bounds && !std::isnan(v))))
        return refused("a constant operand that holds " + std::to_string(v));
  }
  return {};
}

Status limit_pow(const OpView& op) {
  TENFOLD_TRY(const Values exponent, op.floats(1));
  if (exponent.empty() ||
      !std::ranges::all_of(exponent, [&](double v) { return v == exponent[0]; }))
    return refused("an exponent that is not one number");
  if (op.out(0).dims != op.dims(0)) return refused("an exponent of more dims than its base");
  return {};
}

Status lower_binary(Lowering& op) {
  const bool mean = op.node().op == "Mean";
  const std::string name = mean ? "Sum" : op.node().op;
  TensorId x = op.input(0);
  if (op.inputs() == 1) {
    op.alias(x);
    return {};
  }
  for (size_t i = 1; i < op.inputs(); ++i) {
    TENFOLD_TRY(const Dims dims, broadcast(op.dims_of(x), op.dims(i)));
    if (op.tensor(x).constant && op.is_constant(i)) {  // leading constants of an n-ary operator
      x = op.emit(tensor_kind(name, false),
                  {op.reshape(x, widened(op.dims_of(x), dims.size())),
                   op.reshape(op.input(i), widened(op.dims(i), dims.size()))},
                  dims);
      continue;
    }
    x = combine(op, name, x, op.input(i), dims, !mean && i + 1 == op.inputs());
  }
  if (mean)
    op.result("affine", {x}, {{"values", Values{1.0 / static_cast<double>(op.inputs()), 0}}});
  return {};
}

}  // namespace tenfold::graph
