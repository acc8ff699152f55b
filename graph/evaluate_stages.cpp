// The functions of docs/operators.md's stage table, in double.
#include <algorithm>
#include <cmath>

#include "graph/evaluate_ops.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

using Function = double (*)(double x, const std::vector<double>& v);

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

struct FunctionRow {
  const char* name;
  Function function;
};
constexpr FunctionRow functions[] = {
    {"relu", [](double x, const std::vector<double>&) { return std::max(x, 0.0); }},
    {"sigmoid", [](double x, const std::vector<double>&) { return sigmoid(x); }},
    {"tanh", [](double x, const std::vector<double>&) { return std::tanh(x); }},
    {"silu", [](double x, const std::vector<double>&) { return x * sigmoid(x); }},
    {"hard_swish",
     [](double x, const std::vector<double>&) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
    {"mish", [](double x, const std::vector<double>&) { return x * std::tanh(softplus(x)); }},
    {"gelu",
     [](double x, const std::vector<double>&) { return 0.5 * x * (1 + std::erf(x * M_SQRT1_2)); }},
    {"gelu_tanh",
     [](double x, const std::vector<double>&) {
       return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
     }},
    {"erf", [](double x, const std::vector<double>&) { return std::erf(x); }},
    {"exp", [](double x, const std::vector<double>&) { return std::exp(x); }},
    {"log", [](double x, const std::vector<double>&) { return std::log(x); }},
    {"sqrt", [](double x, const std::vector<double>&) { return std::sqrt(x); }},
    {"abs", [](double x, const std::vector<double>&) { return std::abs(x); }},
    {"neg", [](double x, const std::vector<double>&) { return -x; }},
    {"softplus", [](double x, const std::vector<double>&) { return softplus(x); }},
    {"selu",
     [](double x, const std::vector<double>&) {
       return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
     }},
    {"reciprocal", [](double x, const std::vector<double>&) { return 1 / x; }},
    {"floor", [](double x, const std::vector<double>&) { return std::floor(x); }},
    {"ceil", [](double x, const std::vector<double>&) { return std::ceil(x); }},
    {"round", [](double x, const std::vector<double>&) { return std::nearbyint(x); }},
    {"clip",
     [](double x, const std::vector<double>& v) { return std::min(std::max(x, v[0]), v[1]); }},
    {"affine", [](double x, const std::vector<double>& v) { return v[0] * x + v[1]; }},
    {"leaky_relu", [](double x, const std::vector<double>& v) { return x < 0 ? v[0] * x : x; }},
    {"elu",
     [](double x, const std::vector<double>& v) { return x < 0 ? v[0] * std::expm1(x) : x; }},
    {"hard_sigmoid",
     [](double x, const std::vector<double>& v) { return std::clamp(v[0] * x + v[1], 0.0, 1.0); }},
    {"pow", [](double x, const std::vector<double>& v) { return std::pow(x, v[0]); }},
};

using Binary = double (*)(double x, double p);
struct BinaryRow {
  const char* name;
  Binary function;
};
constexpr BinaryRow binaries[] = {
    {"add", [](double x, double p) { return x + p; }},
    {"sub", [](double x, double p) { return x - p; }},
    {"mul", [](double x, double p) { return x * p; }},
    {"div", [](double x, double p) { return x / p; }},
    {"max", [](double x, double p) { return std::max(x, p); }},
    {"min", [](double x, double p) { return std::min(x, p); }},
    {"rsub", [](double x, double p) { return p - x; }},
    {"rdiv", [](double x, double p) { return p / x; }},
};

/// Position in a value of these dims, broadcast, for the i-th element of `out`.
int64_t source(const Dims& dims, const Dims& out, int64_t i) {
  int64_t at = 0, stride = 1;
  for (size_t d = out.size(); d-- > 0;) {
    if (dims[d] != 1) at += i % out[d] * stride;
    stride *= dims[d];
    i /= out[d];
  }
  return at;
}

}  // namespace

bool evaluate_stage(const Node& node, std::span<const Value> in, Value& out) {
  const auto count = static_cast<int64_t>(out.data.size());
  const std::vector<double> values = node.attr_floats("values", {});
  for (const FunctionRow& row : functions)
    if (node.op == row.name) {
      for (int64_t i = 0; i < count; ++i) out.data[i] = row.function(in[0].data[i], values);
      return true;
    }
  for (const BinaryRow& row : binaries)
    if (node.op == row.name) {
      for (int64_t i = 0; i < count; ++i)
        out.data[i] = row.function(in[0].data[source(in[0].dims, out.dims, i)],
                                   in[1].data[source(in[1].dims, out.dims, i)]);
      return true;
    }
  const size_t dim = out.dims.size() == 4 ? 1 : out.dims.size() - 1;
  const int64_t inner = product(out.dims, dim + 1, out.dims.size());
  const bool known =
      node.op == "bias" || node.op == "scale" || node.op == "prelu" || node.op == "scale_shift";
  for (int64_t i = 0; known && i < count; ++i) {
    const int64_t c = i / inner % out.dims[dim];
    const double x = in[0].data[i], p = in[1].data[c];
    out.data[i] = node.op == "bias"    ? x + p
                  : node.op == "scale" ? x * p
                  : node.op == "prelu" ? (x < 0 ? x * p : x)
                                       : x * p + in[2].data[c];
  }
  return known;
}

}  // namespace tenfold::graph
