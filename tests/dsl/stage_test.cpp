// Each stage kind as compiled code against its double-precision row, over a sweep of inputs, in
// vectors and in scalars; and no call to the C library in either.
#include "dsl/stage.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bench/ops/kernel_loader.h"
#include "dsl/op.h"
#include "schedules/space.h"

namespace tenfold::dsl {
namespace {

constexpr double bound = 4e-6;  // absolute, or relative to the exact value

struct Sweep {
  std::vector<double> values;
  double low = -30, high = 30;
};

Sweep sweep_of(const std::string& kind) {
  if (kind == "clip") return {{-0.5, 6}};
  if (kind == "affine") return {{1.5, -0.25}};
  if (kind == "leaky_relu" || kind == "elu") return {{0.3}};
  if (kind == "hard_sigmoid") return {{0.2, 0.5}};
  if (kind == "pow") return {{1.7}, 0.01, 30};
  if (kind == "log" || kind == "sqrt" || kind == "reciprocal") return {{}, 1e-3, 1000};
  if (kind == "exp") return {{}, -100, 88};
  return {};
}

// An identity convolution before the stage: `lanes` channels, so that the kernel's vectors are that
// wide.
void check_stage(const StageKind& kind, int lanes, const Sweep& sweep) {
  const Target target = *parse_target("host");
  constexpr int64_t pixels = 1 << 14;
  Task task =
      *parse_op_spec("conv2d h=1 w=" + std::to_string(pixels) + " c=" + std::to_string(lanes) +
                     " k=" + std::to_string(lanes) + " depthwise");
  task.epilogue = {{kind.name, sweep.values, -1}};
  ASSERT_TRUE(check(task)) << check(task).error().message;
  const Config config{"conv_plain", {{"lanes", lanes}}};
  const auto kernel = bench::LoadedKernel::make(task, config, target, false);
  ASSERT_TRUE(kernel) << kernel.error().message;
  for (const std::string& symbol : kernel->undefined_symbols())
    EXPECT_TRUE(symbol.starts_with("halide_")) << kind.name << " calls " << symbol;

  Array input(DType::f32, {pixels * lanes}), output(DType::f32, {pixels * lanes}),
      ones(DType::f32, {lanes});
  const auto x = input.as<float>();
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(sweep.low + (sweep.high - sweep.low) * static_cast<double>(i) /
                                              static_cast<double>(x.size() - 1));
  for (float& weight : ones.as<float>()) weight = 1;
  const float* in[] = {x.data()};
  const float* weights[] = {ones.as<float>().data()};
  float* out[] = {output.as<float>().data()};
  ASSERT_TRUE(kernel->run(in, weights, out));
  double worst = 0, worst_at = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double want = kind.reference(x[i], sweep.values, 0, 0), got = out[0][i];
    const double error = std::abs(got - want) / std::max(1.0, std::abs(want));
    if (!(error <= worst)) worst = error, worst_at = x[i];
  }
  EXPECT_LE(worst, bound) << kind.name << " with " << lanes << " lanes at " << worst_at;
}

class StageKinds : public ::testing::TestWithParam<size_t> {};

TEST_P(StageKinds, CompiledCodeKeepsTheStatedError) {
  const StageKind& kind = stage_kinds()[GetParam()];
  for (const int lanes : {1, 8}) check_stage(kind, lanes, sweep_of(kind.name));
}

std::vector<size_t> functions_of_the_value() {
  std::vector<size_t> rows;
  for (size_t i = 0; i < stage_kinds().size(); ++i)
    if (stage_kinds()[i].needs == StageNeeds::nothing) rows.push_back(i);
  return rows;
}

INSTANTIATE_TEST_SUITE_P(All, StageKinds, ::testing::ValuesIn(functions_of_the_value()),
                         [](const auto& row) {
                           return std::string(stage_kinds()[row.param].name);
                         });

TEST(Stage, IntegerPowersAreProducts) {
  for (const double exponent : {0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5})
    check_stage(**find_stage("pow"), 8, {{exponent}, 0.1, 20});
}

TEST(Stage, KeepsZeroFollowsTheNumbers) {
  EXPECT_TRUE(keeps_zero({"clip", {0, 6}, -1}));
  EXPECT_FALSE(keeps_zero({"clip", {1, 6}, -1}));
  EXPECT_TRUE(keeps_zero({"affine", {2, 0}, -1}));
  EXPECT_FALSE(keeps_zero({"affine", {2, 1}, -1}));
  EXPECT_TRUE(keeps_zero({"mul", {}, 1}));
  EXPECT_FALSE(keeps_zero({"bias", {}, -1}));
}

TEST(Stage, UnknownKindsAreErrors) {
  EXPECT_EQ(find_stage("frobnicate").error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace tenfold::dsl
