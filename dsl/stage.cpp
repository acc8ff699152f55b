#include "dsl/stage.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace tenfold::dsl {
namespace {

using V = std::span<const double>;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
/// x * gate(x), of which the limit for -infinity is 0.
double gated(double x, double gate) {
  return x == -std::numeric_limits<double>::infinity() ? 0 : x * gate;
}
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// The scale and slope of SELU (Klambauer et al. 2017, appendix A1).
constexpr double selu_alpha = 1.6732632423543772, selu_gamma = 1.0507009873554805;

constexpr StageNeeds none = StageNeeds::nothing, one = StageNeeds::channel1,
                     two = StageNeeds::channel2, operand = StageNeeds::operand;

const StageKind kinds[] = {
    // name, needs, numbers, keeps zero, reference
    {"relu", none, 0, true, [](double x, V, double, double) { return std::max(x, 0.0); }},
    {"sigmoid", none, 0, false, [](double x, V, double, double) { return sigmoid(x); }},
    {"tanh", none, 0, true, [](double x, V, double, double) { return std::tanh(x); }},
    {"silu", none, 0, true, [](double x, V, double, double) { return gated(x, sigmoid(x)); }},
    {"hard_swish", none, 0, true,
     [](double x, V, double, double) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
    {"mish", none, 0, true, [](double x, V, double, double) { return x * std::tanh(softplus(x)); }},
    {"gelu", none, 0, true,
     [](double x, V, double, double) {
       return gated(x, (1 + std::erf(x / std::numbers::sqrt2)) / 2);
     }},
    {"gelu_tanh", none, 0, true,
     [](double x, V, double, double) {
       const double u = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
       return gated(x, (1 + std::tanh(u)) / 2);
     }},
    {"erf", none, 0, true, [](double x, V, double, double) { return std::erf(x); }},
    {"exp", none, 0, false, [](double x, V, double, double) { return std::exp(x); }},
    {"log", none, 0, false, [](double x, V, double, double) { return std::log(x); }},
    {"sqrt", none, 0, true, [](double x, V, double, double) { return std::sqrt(x); }},
    {"abs", none, 0, true, [](double x, V, double, double) { return std::abs(x); }},
    {"neg", none, 0, true, [](double x, V, double, double) { return -x; }},
    {"softplus", none, 0, false, [](double x, V, double, double) { return softplus(x); }},
    {"selu", none, 0, true,
     [](double x, V, double, double) {
       return selu_gamma * (x > 0 ? x : selu_alpha * std::expm1(x));
     }},
    {"reciprocal", none, 0, false, [](double x, V, double, double) { return 1 / x; }},
    {"floor", none, 0, true, [](double x, V, double, double) { return std::floor(x); }},
    {"ceil", none, 0, true, [](double x, V, double, double) { return std::ceil(x); }},
    {"round", none, 0, true, [](double x, V, double, double) { return std::nearbyint(x); }},
    {"clip", none, 2, false,
     [](double x, V v, double, double) { return std::min(std::max(x, v[0]), v[1]); }},
    {"affine", none, 2, false, [](double x, V v, double, double) { return v[0] * x + v[1]; }},
    {"leaky_relu", none, 1, true,
     [](double x, V v, double, double) { return x < 0 ? v[0] * x : x; }},
    {"elu", none, 1, true,
     [](double x, V v, double, double) { return x < 0 ? v[0] * std::expm1(x) : x; }},
    {"hard_sigmoid", none, 2, false,
     [](double x, V v, double, double) { return std::clamp(v[0] * x + v[1], 0.0, 1.0); }},
    {"pow", none, 1, false, [](double x, V v, double, double) { return std::pow(x, v[0]); }},
    {"bias", one, 0, false, [](double x, V, double p, double) { return x + p; }},
    {"scale", one, 0, true, [](double x, V, double p, double) { return x * p; }},
    {"prelu", one, 0, true, [](double x, V, double p, double) { return x < 0 ? p * x : x; }},
    {"scale_shift", two, 0, false, [](double x, V, double p, double q) { return x * p + q; }},
    {"add", operand, 0, false, [](double x, V, double p, double) { return x + p; }},
    {"sub", operand, 0, false, [](double x, V, double p, double) { return x - p; }},
    {"mul", operand, 0, true, [](double x, V, double p, double) { return x * p; }},
    {"div", operand, 0, false, [](double x, V, double p, double) { return x / p; }},
    {"max", operand, 0, false, [](double x, V, double p, double) { return std::max(x, p); }},
    {"min", operand, 0, false, [](double x, V, double p, double) { return std::min(x, p); }},
    {"rsub", operand, 0, false, [](double x, V, double p, double) { return p - x; }},
    {"rdiv", operand, 0, false, [](double x, V, double p, double) { return p / x; }},
};

}  // namespace

std::span<const StageKind> stage_kinds() {
  return kinds;
}

Result<const StageKind*> find_stage(const std::string& name) {
  for (const StageKind& kind : kinds)
    if (name == kind.name) return &kind;
  return Error{ErrorCode::unsupported, "no stage kind is named '" + name + "'"};
}

int param_count(const StageKind& kind) {
  return kind.needs == StageNeeds::channel1 ? 1 : kind.needs == StageNeeds::channel2 ? 2 : 0;
}

int param_count(const std::vector<Stage>& chain) {
  int count = 0;
  for (const Stage& stage : chain) count += param_count(**find_stage(stage.kind));
  return count;
}

bool keeps_zero(const Stage& stage) {
  const auto kind = find_stage(stage.kind);
  if (!kind) return false;
  return (*kind)->needs == StageNeeds::nothing ? (*kind)->reference(0, stage.values, 0, 0) == 0
                                               : (*kind)->keeps_zero;
}

}  // namespace tenfold::dsl
