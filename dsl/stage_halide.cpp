// The stage kinds as Halide expressions. No function here becomes a call to the C library:
// exponentials and logarithms are range-reduced polynomials, so that a vectorised chain stays
// vectors. Each is within 4e-6 of exact, absolute or relative, for every float, infinities and
// denormals included, and passes NaN on (docs/operators.md has the errors that a test measures; the
// relative error of pow grows with |exponent * log x|). The polynomials are least-maximum fits,
// made by iteratively reweighted least squares on Chebyshev nodes.
//
// Halide compiles with fast maths, under which a compiler may take it that nothing is NaN: what a
// comparison makes of NaN is left to chance, and a select between floats may be folded. So bounds
// are strict_min and strict_max with the value second, for which x86 has one instruction that
// passes its second operand where one is NaN, and special results are selected as integers.
#include <cmath>
#include <numbers>

#include "dsl/algorithm_halide.h"
#include "dsl/stage.h"

namespace tenfold::dsl {
namespace {

using Halide::Expr;

Expr constant(double value) {
  return Expr(static_cast<float>(value));
}

// Coefficients lowest power first.
Expr horner(const Expr& x, std::initializer_list<double> coefficients) {
  Expr sum;
  for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c)
    sum = sum.defined() ? sum * x + constant(*c) : constant(*c);
  return sum;
}

Expr strict(Halide::Internal::Call::IntrinsicOp op, const Expr& a, const Expr& b) {
  return Halide::Internal::Call::make(a.type(), op, {a, b}, Halide::Internal::Call::PureIntrinsic);
}
/// max(x, low) and min(x, high); NaN where x is.
Expr at_least(const Expr& x, double low) {
  return strict(Halide::Internal::Call::strict_max, constant(low), x);
}
Expr at_most(const Expr& x, double high) {
  return strict(Halide::Internal::Call::strict_min, constant(high), x);
}
Expr between(const Expr& x, double low, double high) {
  return at_most(at_least(x, low), high);
}

Expr bits_of(const Expr& x) {
  return Halide::reinterpret<int>(x);
}
Expr holds_nan(const Expr& x) {
  return (bits_of(x) & 0x7fffffff) > 0x7f800000;
}
/// One of two floats, by their bits.
Expr choose(const Expr& condition, const Expr& a, const Expr& b) {
  return Halide::reinterpret<float>(Halide::select(condition, bits_of(a), bits_of(b)));
}
Expr from_bits(int bits) {
  return Halide::reinterpret<float>(Expr(bits));
}
constexpr int infinity_bits = 0x7f800000, nan_bits = 0x7fc00000;

/// The larger or smaller of two; NaN where either is.
Expr either(Halide::Internal::Call::IntrinsicOp op, const Expr& x, const Expr& p) {
  return choose(holds_nan(p), p, strict(op, p, x));
}

/// n = round(x), and 2^(n + raised). Adding 1.5 * 2^23 leaves n in the low bits of the sum (Halide's
/// floor takes six instructions of a vector of 16), and with what a float's exponent is counted from
/// added as well, these bits, moved up, are the power. |x| < 2^21.
struct Power {
  Expr n, value;
};
Power power_of_two(const Expr& x, int raised) {
  const Expr shift = constant(12582912 + 127 + raised);
  const Expr sum = strict(Halide::Internal::Call::strict_add, x, shift);
  return {strict(Halide::Internal::Call::strict_sub, sum, shift),
          Halide::reinterpret<float>(Halide::reinterpret<uint32_t>(sum) << 23)};
}

/// e^r, |r| <= ln 2 / 2, within 1.05e-7 of it.
Expr exp_of_rest(const Expr& r) {
  return horner(r, {1, 1, 4.999923179e-01, 1.666711447e-01, 4.189011315e-02, 8.312524864e-03});
}

/// 2^n * e^r with n = round(x / ln 2). 0 below -87, infinity above 88.73.
Expr exp_of(const Expr& x) {
  const Expr clamped = between(x, -87.3, 89);
  // Half of 2^n is always finite.
  const Power half = power_of_two(clamped * constant(std::numbers::log2e), -1);
  const Expr e_r = exp_of_rest(clamped - half.n * constant(std::numbers::ln2));
  return (e_r + e_r) * half.value;
}

/// 1 + e^-x for |x| <= 86: finite, so that a division by it is right however a compiler does it.
Expr one_and_exp_minus(const Expr& x) {
  const Power power = power_of_two(x * constant(-std::numbers::log2e), 0);
  return 1.0f + exp_of_rest(-x - power.n * constant(std::numbers::ln2)) * power.value;
}

/// e * ln 2 + log(m), m in [sqrt(1/2), sqrt(2)). For positive normal numbers.
Expr log_of_normal(const Expr& x) {
  const Expr bits = bits_of(x);
  const Expr e = (bits - 0x3f3504f3) >> 23;
  const Expr f = Halide::reinterpret<float>(bits - (e << 23)) - 1.0f;
  const Expr p = horner(f, {-4.999999156e-01, 3.333395147e-01, -2.500176126e-01, 1.996202079e-01,
                            -1.657031061e-01, 1.491836133e-01, -1.430927616e-01, 8.735952540e-02});
  return Halide::cast<float>(e) * constant(std::numbers::ln2) + (f * f * p + f);
}

Expr log_of(const Expr& x) {
  const int least_normal = 0x00800000;
  const Expr bits = bits_of(x), is_small = bits < least_normal;  // negative ones too
  const Expr scaled = Halide::select(is_small, x * constant(8388608), x);
  const Expr normal =
      log_of_normal(scaled) - Halide::select(is_small, constant(15.942385152878742), 0.0f);
  const Expr none = Halide::select((bits & 0x7fffffff) == 0,
                                   from_bits(infinity_bits | int(0x80000000)), from_bits(nan_bits));
  return choose(bits <= 0 || holds_nan(x), none, choose(bits == infinity_bits, x, normal));
}

/// 2^f, |f| <= 1/2, within 1.05e-7 of it.
Expr exp2_of_rest(const Expr& f) {
  return horner(f, {1, 6.931471806e-01, 2.402228161e-01, 5.550559996e-02, 9.669708399e-03,
                    1.330026403e-03});
}

/// 1 - erf(a), 0 <= a <= 6, within 1e-7: 2^(-a * p(a)), whose exponent keeps to those of normal
/// numbers.
Expr erfc_of(const Expr& a) {
  const Expr p = horner(a, {1.627908594e+00, 9.184163926e-01, 1.484816179e-01, -2.825368675e-02,
                            7.746355616e-04, 1.489438451e-03, -4.455068265e-04, 4.535852213e-05});
  const Expr exponent = -a * p;
  const Power power = power_of_two(exponent, 0);
  return exp2_of_rest(exponent - power.n) * power.value;
}

Expr sigmoid_of(const Expr& x) {
  return 1.0f / one_and_exp_minus(between(x, -86, 86));
}

/// x * sigmoid(x); 0, its limit, for -infinity.
Expr silu_of(const Expr& x) {
  const Expr above = at_least(x, -86);
  return above / one_and_exp_minus(at_most(above, 86));
}

Expr erf_of(const Expr& x) {
  const Expr magnitude = 1.0f - erfc_of(at_most(Halide::abs(x), 6));
  return Halide::reinterpret<float>(bits_of(magnitude) | (bits_of(x) & Expr(int(0x80000000))));
}

/// max(x, 0) - |x| * erfc(|x| / sqrt(2)) / 2; 0, its limit, for -infinity.
Expr gelu_of(const Expr& x) {
  const Expr a = at_most(Halide::abs(x) * constant(1 / std::numbers::sqrt2), 6);
  return at_least(x, 0) - a * constant(1 / std::numbers::sqrt2) * erfc_of(a);
}

Expr pow_of(const Expr& x, double exponent) {
  if (exponent == 0.5) return Halide::sqrt(x);
  const double magnitude = std::abs(exponent);
  if (magnitude != std::floor(magnitude)) return exp_of(constant(exponent) * log_of(x));
  if (magnitude > 16) {
    const Expr power = exp_of(constant(exponent) * log_of(Halide::abs(x)));
    return std::fmod(magnitude, 2) == 1 ? Halide::select(x < 0.0f, -power, power) : power;
  }
  Expr power = constant(1), square = x;
  for (int n = static_cast<int>(magnitude); n > 0; n /= 2) {
    if (n % 2 == 1) power = power * square;
    square = square * square;
  }
  return exponent < 0 ? 1.0f / power : power;
}

struct Row {
  const char* name;
  Expr (*value)(const Expr& x, const std::vector<double>& v, const Expr& p, const Expr& q);
};

#define TENFOLD_ROW(name, expression)                                     \
  Row {                                                                   \
    name,                                                                 \
        [](const Expr& x, [[maybe_unused]] const std::vector<double>& v,  \
           [[maybe_unused]] const Expr& p,                                \
           [[maybe_unused]] const Expr& q) -> Expr { return expression; } \
  }

const Row rows[] = {
    TENFOLD_ROW("relu", at_least(x, 0)),
    TENFOLD_ROW("sigmoid", sigmoid_of(x)),
    TENFOLD_ROW("tanh", 1.0f - 2.0f / one_and_exp_minus(between(-2.0f * x, -86, 86))),
    TENFOLD_ROW("silu", silu_of(x)),
    TENFOLD_ROW("hard_swish", x* between(x* constant(1.0 / 6) + 0.5f, 0, 1)),
    TENFOLD_ROW("mish", ([&] {  // tanh(log(1 + e)) = (e^2 + 2e) / (e^2 + 2e + 2)
                  const Expr e = exp_of(at_most(x, 20)), n = e * (e + 2.0f);
                  // In this order: x * n may overflow.
                  return strict(Halide::Internal::Call::strict_mul, x, n / (n + 2.0f));
                }())),
    TENFOLD_ROW("gelu", gelu_of(x)),
    TENFOLD_ROW("gelu_tanh", ([&] {  // (1 + tanh(u)) / 2 = sigmoid(2u); below -86 it is 0
                  const Expr y = at_least(x, -86);
                  const double twice = 2 * std::sqrt(2 / std::numbers::pi);
                  return y * sigmoid_of(constant(twice) * (y + 0.044715f * y * y * y));
                }())),
    TENFOLD_ROW("erf", erf_of(x)),
    TENFOLD_ROW("exp", exp_of(x)),
    TENFOLD_ROW("log", log_of(x)),
    TENFOLD_ROW("sqrt", Halide::sqrt(x)),
    TENFOLD_ROW("abs", Halide::abs(x)),
    TENFOLD_ROW("neg", -x),
    TENFOLD_ROW("softplus", at_least(x, 0) + log_of_normal(1.0f + exp_of(-Halide::abs(x)))),
    TENFOLD_ROW("selu",
                constant(1.0507009873554805) *
                    Halide::select(x < 0.0f, constant(1.6732632423543772) * (exp_of(x) - 1.0f), x)),
    TENFOLD_ROW("reciprocal", 1.0f / x),
    TENFOLD_ROW("floor", Halide::floor(x)),
    TENFOLD_ROW("ceil", Halide::ceil(x)),
    TENFOLD_ROW("round", Halide::round(x)),
    TENFOLD_ROW("clip", between(x, v[0], v[1])),
    TENFOLD_ROW("affine", x* constant(v[0]) + constant(v[1])),
    TENFOLD_ROW("leaky_relu", Halide::select(x < 0.0f, x* constant(v[0]), x)),
    TENFOLD_ROW("elu", Halide::select(x < 0.0f, constant(v[0]) * (exp_of(x) - 1.0f), x)),
    TENFOLD_ROW("hard_sigmoid", between(x* constant(v[0]) + constant(v[1]), 0, 1)),
    TENFOLD_ROW("pow", pow_of(x, v[0])),
    TENFOLD_ROW("bias", x + p),
    TENFOLD_ROW("scale", x* p),
    TENFOLD_ROW("prelu", Halide::select(x < 0.0f, x* p, x)),
    TENFOLD_ROW("scale_shift", x* p + q),
    TENFOLD_ROW("add", x + p),
    TENFOLD_ROW("sub", x - p),
    TENFOLD_ROW("mul", x* p),
    TENFOLD_ROW("div", x / p),
    TENFOLD_ROW("max", either(Halide::Internal::Call::strict_max, x, p)),
    TENFOLD_ROW("min", either(Halide::Internal::Call::strict_min, x, p)),
    TENFOLD_ROW("rsub", p - x),
    TENFOLD_ROW("rdiv", p / x),
};
#undef TENFOLD_ROW

const Row& row_of(const std::string& kind) {
  for (const Row& row : rows)
    if (kind == row.name) return row;
  assert(false && "a checked task has known stages");
  return rows[0];
}

Expr operand_at(const View& view, const Halide::ImageParam& input,
                const std::vector<Expr>& coordinates) {
  std::vector<Expr> at;
  for (size_t d = 0; d < view.dims.size(); ++d)
    at.push_back(view.dims[view.dims.size() - 1 - d] == 1 ? Expr(0) : coordinates[d]);
  return input(at);
}

}  // namespace

Halide::Expr apply_chain(const std::vector<Stage>& stages, Halide::Expr value,
                         const std::vector<Halide::Expr>& coordinates, const Task& task,
                         const Binding& binding, int first_param) {
  int param = first_param;
  for (const Stage& stage : stages) {
    const StageKind& kind = **find_stage(stage.kind);
    Expr p, q;
    if (kind.needs == StageNeeds::operand)
      p = operand_at(task.inputs[stage.input], binding.inputs[stage.input], coordinates);
    if (param_count(kind) >= 1) p = binding.param_at(param++, {coordinates[0]});
    if (param_count(kind) == 2) q = binding.param_at(param++, {coordinates[0]});
    value = row_of(stage.kind).value(value, stage.values, p, q);
  }
  return value;
}

}  // namespace tenfold::dsl
