// Folding of element-wise arithmetic, comparison, logic and reductions over constants.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "graph/convert.h"
#include "graph/fold.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

using Arrays = std::vector<Array>;

/// Input i's elements in the order of the output's, as `read` gives them.
template <class V>
V spread(const OpView& op, size_t i, const Dims& out, V (*read)(const Array&)) {
  const Array& in = *op.in(i).constant;
  return in.dims() == out ? read(in) : read(broadcast_array(in, out));
}

int64_t wrap(uint64_t value) {
  return static_cast<int64_t>(value);
}

Result<int64_t> apply(const std::string& op, int64_t a, int64_t b, bool fmod) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  if (op == "Add" || op == "Sum") return wrap(x + y);
  if (op == "Sub") return wrap(x - y);
  if (op == "Mul") return wrap(x * y);
  if (op == "Max") return std::max(a, b);
  if (op == "Min") return std::min(a, b);
  if (op == "Equal") return a == b;
  if (op == "Greater") return a > b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "Less") return a < b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  if (op == "Pow") {
    const double power = std::pow(static_cast<double>(a), static_cast<double>(b));
    if (!(std::abs(power) < 9e18)) return broken("an integer power that overflows");
    return static_cast<int64_t>(power);
  }
  if (b == 0) return broken("an integer division by zero");
  if (b == -1) return op == "Div" ? wrap(0 - x) : 0;
  if (op == "Div") return a / b;
  const int64_t rest = a % b;  // Mod: the sign of the divisor, of the dividend with fmod
  return !fmod && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

double apply(const std::string& op, double a, double b, bool fmod) {
  if (op == "Add" || op == "Sum") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  if (op == "Max") return std::max(a, b);
  if (op == "Min") return std::min(a, b);
  if (op == "Pow") return std::pow(a, b);
  if (op == "Equal") return a == b;
  if (op == "Greater") return a > b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "Less") return a < b;
  if (op == "LessOrEqual") return a <= b;
  const double rest = std::fmod(a, b);
  return !fmod && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

struct Function {
  const char* op;
  double (*of)(double);
};
constexpr Function functions[] = {
    {"Abs", [](double x) { return std::abs(x); }},
    {"Ceil", [](double x) { return std::ceil(x); }},
    {"Cos", [](double x) { return std::cos(x); }},
    {"Erf", [](double x) { return std::erf(x); }},
    {"Exp", [](double x) { return std::exp(x); }},
    {"Floor", [](double x) { return std::floor(x); }},
    {"Log", [](double x) { return std::log(x); }},
    {"Neg", [](double x) { return -x; }},
    {"Reciprocal", [](double x) { return 1 / x; }},
    {"Relu", [](double x) { return std::max(x, 0.0); }},
    {"Round", [](double x) { return std::nearbyint(x); }},
    {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"Sign", [](double x) { return x > 0   ? 1.0
                                   : x < 0 ? -1.0
                                           : x; }},
    {"Sin", [](double x) { return std::sin(x); }},
    {"Sqrt", [](double x) { return std::sqrt(x); }},
    {"Tanh", [](double x) { return std::tanh(x); }},
};

}  // namespace

Result<Arrays> fold_arithmetic(const OpView& op) {
  const std::string& name = op.node().op;
  const Tensor& out = op.out(0);
  if (name == "Not") {
    std::vector<int64_t> values = to_ints(*op.in(0).constant);
    for (int64_t& v : values) v = v == 0;
    return one(from_ints(DType::boolean, out.dims, values));
  }
  const bool fmod = op.attr("fmod", 0) != 0;
  const bool integers = is_integer(op.in(0).type) && (op.inputs() < 2 || is_integer(op.in(1).type));
  if (integers) {
    std::vector<int64_t> values = spread(op, 0, out.dims, to_ints);
    for (size_t k = 1; k < op.inputs(); ++k) {
      const std::vector<int64_t> others = spread(op, k, out.dims, to_ints);
      for (size_t i = 0; i < values.size(); ++i) {
        TENFOLD_TRY(values[i], apply(name, values[i], others[i], fmod));
      }
    }
    return one(from_ints(out.type, out.dims, values));
  }
  std::vector<double> values = spread(op, 0, out.dims, to_doubles);
  for (size_t k = 1; k < op.inputs(); ++k) {
    const std::vector<double> others = spread(op, k, out.dims, to_doubles);
    for (size_t i = 0; i < values.size(); ++i) values[i] = apply(name, values[i], others[i], fmod);
  }
  return one(from_doubles(out.type, out.dims, values));
}

Result<Arrays> fold_function(const OpView& op) {
  const Tensor& out = op.out(0);
  const auto* function =
      std::ranges::find_if(functions, [&](const Function& row) { return op.node().op == row.op; });
  std::vector<double> values = to_doubles(*op.in(0).constant);
  for (double& v : values) v = function->of(v);
  return one(from_doubles(out.type, out.dims, values));
}

Result<Arrays> fold_clip(const OpView& op) {
  const Tensor& out = op.out(0);
  for (size_t i : {size_t{1}, size_t{2}})
    if (op.has(i) && op.in(i).constant->elements() != 1) return broken("a bound is no number");
  if (is_integer(out.type)) {
    std::vector<int64_t> values = to_ints(*op.in(0).constant);
    using Limits = std::numeric_limits<int64_t>;
    const int64_t low = op.has(1) ? to_ints(*op.in(1).constant)[0] : Limits::min(),
                  high = op.has(2) ? to_ints(*op.in(2).constant)[0] : Limits::max();
    for (int64_t& v : values) v = std::min(std::max(v, low), high);
    return one(from_ints(out.type, out.dims, values));
  }
  std::vector<double> values = to_doubles(*op.in(0).constant);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double low = op.has(1) ? to_doubles(*op.in(1).constant)[0]
                               : op.node().attr_float("min", -infinity),
               high = op.has(2) ? to_doubles(*op.in(2).constant)[0]
                                : op.node().attr_float("max", infinity);
  for (double& v : values) v = std::min(std::max(v, low), high);
  return one(from_doubles(out.type, out.dims, values));
}

Result<Arrays> fold_where(const OpView& op) {
  const Tensor& out = op.out(0);
  const std::vector<int64_t> condition = spread(op, 0, out.dims, to_ints);
  if (is_integer(out.type)) {
    std::vector<int64_t> values = spread(op, 1, out.dims, to_ints);
    const std::vector<int64_t> others = spread(op, 2, out.dims, to_ints);
    for (size_t i = 0; i < values.size(); ++i) values[i] = condition[i] ? values[i] : others[i];
    return one(from_ints(out.type, out.dims, values));
  }
  std::vector<double> values = spread(op, 1, out.dims, to_doubles);
  const std::vector<double> others = spread(op, 2, out.dims, to_doubles);
  for (size_t i = 0; i < values.size(); ++i) values[i] = condition[i] ? values[i] : others[i];
  return one(from_doubles(out.type, out.dims, values));
}

// Sums of what each element becomes, and what the sum becomes, of the reductions that are not a
// step alone.
struct SumKind {
  const char* name;  // without "Reduce"
  double (*element)(double);
  double (*result)(double sum, double count);
};
constexpr SumKind sum_kinds[] = {
    {"Mean", [](double v) { return v; }, [](double sum, double count) { return sum / count; }},
    {"L1", [](double v) { return std::abs(v); }, [](double sum, double) { return sum; }},
    {"L2", [](double v) { return v * v; }, [](double sum, double) { return std::sqrt(sum); }},
    {"SumSquare", [](double v) { return v * v; }, [](double sum, double) { return sum; }},
    {"LogSum", [](double v) { return v; }, [](double sum, double) { return std::log(sum); }},
};

enum class Step { sum, product, max, min };

Step step_of(const std::string& reduction) {
  return reduction == "Prod"  ? Step::product
         : reduction == "Max" ? Step::max
         : reduction == "Min" ? Step::min
                              : Step::sum;
}

/// Integers wrap.
template <class V>
V combine(Step step, V a, V b) {
  using Wide = std::conditional_t<std::is_integral_v<V>, uint64_t, V>;
  switch (step) {
    case Step::product:
      return static_cast<V>(static_cast<Wide>(a) * static_cast<Wide>(b));
    case Step::max:
      return std::max(a, b);
    case Step::min:
      return std::min(a, b);
    default:
      return static_cast<V>(static_cast<Wide>(a) + static_cast<Wide>(b));
  }
}

Result<Arrays> fold_reduce(const OpView& op) {
  TENFOLD_TRY(const std::vector<int64_t> axes, reduce_axes(op));
  const Tensor& out = op.out(0);
  const Dims& dims = op.dims(0);
  Dims strides(dims.size(), 0);  // of the output, 0 along what is reduced
  int64_t stride = 1;
  for (size_t d = dims.size(); d-- > 0;)
    if (std::ranges::find(axes, static_cast<int64_t>(d)) == axes.end()) {
      strides[d] = stride;
      stride *= dims[d];
    }
  const std::string name = op.node().op.substr(6);
  const auto* kind =
      std::ranges::find_if(sum_kinds, [&](const SumKind& k) { return name == k.name; });
  const bool sums = kind != std::end(sum_kinds);
  const Step step = step_of(name);
  const auto reduce = [&]<class V>(const std::vector<V>& in) {
    std::vector<V> result(product(out.dims, 0, out.dims.size()));
    std::vector<char> begun(result.size(), 0);
    std::vector<int64_t> index(dims.size(), 0);
    int64_t at = 0;
    for (const V& v : in) {
      result[at] = begun[at] ? combine(step, result[at], v) : v;
      begun[at] = 1;
      for (size_t d = dims.size(); d-- > 0;) {
        at += strides[d];
        if (++index[d] < dims[d]) break;
        at -= strides[d] * dims[d];
        index[d] = 0;
      }
    }
    return result;
  };
  if (std::ranges::find(dims, 0) != dims.end()) return broken("reduces nothing");
  if (is_integer(out.type) && !sums)
    return one(from_ints(out.type, out.dims, reduce(to_ints(*op.in(0).constant))));
  std::vector<double> values = to_doubles(*op.in(0).constant);
  if (!sums) return one(from_doubles(out.type, out.dims, reduce(values)));
  for (double& v : values) v = kind->element(v);
  std::vector<double> results = reduce(values);
  const double count = static_cast<double>(values.size()) / static_cast<double>(results.size());
  for (double& v : results) v = kind->result(v, count);
  return one(from_doubles(out.type, out.dims, results));
}

Result<Arrays> fold_cum_sum(const OpView& op) {
  const Tensor& out = op.out(0);
  TENFOLD_TRY(const int64_t axis, normal_axis(to_ints(*op.in(1).constant)[0], op.rank(0)));
  const int64_t extent = out.dims[axis], inner = product(out.dims, axis + 1, out.dims.size());
  const bool exclusive = op.attr("exclusive", 0) != 0, reverse = op.attr("reverse", 0) != 0;
  const auto sum = [&]<class V>(std::vector<V> values) {
    const auto stride = static_cast<size_t>(extent * inner);
    for (size_t line = 0; line < values.size(); line += stride)
      for (int64_t i = 0; i < inner; ++i) {
        V total{};
        for (int64_t k = 0; k < extent; ++k) {
          V& value = values[line + (reverse ? extent - 1 - k : k) * inner + i];
          const V before = total;
          total += value;
          value = exclusive ? before : total;
        }
      }
    return values;
  };
  if (!is_integer(out.type))
    return one(from_doubles(out.type, out.dims, sum(to_doubles(*op.in(0).constant))));
  const std::vector<int64_t> ints = to_ints(*op.in(0).constant);
  const std::vector<uint64_t> sums = sum(std::vector<uint64_t>(ints.begin(), ints.end()));
  return one(from_ints(out.type, out.dims, {sums.begin(), sums.end()}));
}

}  // namespace tenfold::graph
