// Every function of one value as kernels compute it, against double precision over samples of all
// floats: dense near zero, every exponent of both signs, denormals, infinities, NaN. The largest
// errors are those that docs/operators.md states. No kernel calls the C library.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <set>

#include "bench/ops/kernel_loader.h"
#include "dsl/op.h"
#include "dsl/stage.h"
#include "schedules/space.h"
#include "tests/problems.h"

namespace tenfold {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();

std::vector<float> all_kinds_of_floats() {
  std::vector<float> samples = {0.0f,
                                infinity,
                                largest,
                                std::nanf(""),
                                std::numeric_limits<float>::denorm_min(),
                                std::numeric_limits<float>::min()};
  for (uint32_t bits = 1; bits < 0x7f800000; bits += 16381)
    samples.push_back(std::bit_cast<float>(bits));
  for (int i = 0; i < 100000; ++i) samples.push_back(static_cast<float>(i) * 2.7e-4f);
  const size_t positive = samples.size();
  for (size_t i = 0; i < positive; ++i) samples.push_back(-samples[i]);
  return samples;
}

/// The task that applies one stage to a row of numbers.
Task row_task(size_t width, const Stage& stage) {
  Task task{.op = "map"};
  task.inputs = {dense_view(DType::f32, {static_cast<int64_t>(width)})};
  task.outputs = task.inputs;
  task.epilogue = {stage};
  return task;
}

std::vector<float> computed(const Stage& stage, const std::vector<float>& samples) {
  const Target target = *parse_target("host");
  const Task task = row_task(samples.size(), stage);
  const auto kernel =
      bench::LoadedKernel::make(task, schedules::initial_config(task, target), target, false);
  EXPECT_TRUE(kernel) << (kernel ? "" : kernel.error().message);
  if (!kernel) return {};
  for (const std::string& symbol : kernel->undefined_symbols())
    EXPECT_TRUE(symbol.starts_with("halide_")) << stage.kind << " calls " << symbol;
  // A vector may read beyond the last sample.
  Array in(DType::f32, {static_cast<int64_t>(samples.size()) + 16}), out(DType::f32, in.dims());
  std::copy(samples.begin(), samples.end(), in.as<float>().begin());
  const float* const inputs[] = {in.as<float>().data()};
  float* const outputs[] = {out.as<float>().data()};
  const Status status = kernel->run(inputs, {}, outputs);
  EXPECT_TRUE(status) << (status ? "" : status.error().message);
  return {outputs[0], outputs[0] + samples.size()};
}

/// |got - want|, relative where |want| exceeds 1. Infinite where one is NaN or infinite alone.
double error_of(float got, double want) {
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) && std::isnan(got) ? 0 : infinity;
  if (std::abs(want) > largest) {
    const bool same_side = (got > 0) == (want > 0);
    return same_side && std::abs(static_cast<double>(got)) >= largest * (1 - 4e-6) ? 0 : infinity;
  }
  return std::abs(got - want) / std::max(1.0, std::abs(want));
}

/// C's pow takes -infinity under any exponent; here it is as other negative bases.
double exact(const Stage& stage, float x) {
  if (stage.kind == "pow" && x < 0 && stage.values[0] != std::floor(stage.values[0]))
    return std::nan("");
  return (*dsl::find_stage(stage.kind))->reference(x, stage.values, 0, 0);
}

/// The column of errors in docs/operators.md, by the stage as a task's text writes it.
std::map<std::string, double> stated_errors() {
  std::ifstream file(TENFOLD_SOURCE_DIR "/docs/operators.md");
  std::map<std::string, double> stated;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| function | largest error |")) inside = true;
    if (inside && line.empty()) break;
    const size_t open = line.find('`'), close = line.find('`', open + 1);
    if (!inside || open == std::string::npos || close == std::string::npos) continue;
    stated[line.substr(open + 1, close - open - 1)] =
        std::stod(line.substr(line.find('|', close) + 1));
  }
  return stated;
}

std::vector<Stage> functions() {
  return {{"relu", {}, -1},
          {"sigmoid", {}, -1},
          {"tanh", {}, -1},
          {"silu", {}, -1},
          {"hard_swish", {}, -1},
          {"mish", {}, -1},
          {"gelu", {}, -1},
          {"gelu_tanh", {}, -1},
          {"erf", {}, -1},
          {"exp", {}, -1},
          {"log", {}, -1},
          {"sqrt", {}, -1},
          {"abs", {}, -1},
          {"neg", {}, -1},
          {"softplus", {}, -1},
          {"selu", {}, -1},
          {"reciprocal", {}, -1},
          {"floor", {}, -1},
          {"ceil", {}, -1},
          {"round", {}, -1},
          {"clip", {-1, 6}, -1},
          {"affine", {2, -3}, -1},
          {"leaky_relu", {0.1}, -1},
          {"elu", {1.5}, -1},
          {"hard_sigmoid", {0.2, 0.5}, -1},
          {"pow", {0.5}, -1},
          {"pow", {2}, -1},
          {"pow", {3}, -1},
          {"pow", {-1}, -1},
          {"pow", {0}, -1},
          {"pow", {17}, -1},
          {"pow", {-0.5}, -1},
          {"pow", {1.7}, -1}};
}

std::string text_of(const Stage& stage) {
  Task task{.op = "map"};
  task.epilogue = {stage};
  return to_text(task).substr(std::string("map do=").size());
}

TEST(Activations, AreWithinTheirStatedErrors) {
  const std::vector<float> samples = all_kinds_of_floats();
  const std::map<std::string, double> stated = stated_errors();
  std::set<std::string> seen;
  for (const Stage& stage : functions()) {
    SCOPED_TRACE(text_of(stage));
    seen.insert(stage.kind);
    const std::vector<float> got = computed(stage, samples);
    ASSERT_EQ(got.size(), samples.size());
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < samples.size(); ++i) {
      const double want = exact(stage, samples[i]);
      const double error = error_of(got[i], want);
      if (!(error <= worst)) worst = error, at = i;
    }
    std::printf("%-22s %.2g at %g\n", text_of(stage).c_str(), worst, samples[at]);
    EXPECT_TRUE(stated.contains(text_of(stage))) << "has no row in docs/operators.md";
    if (!stated.contains(text_of(stage))) continue;
    EXPECT_LE(worst, stated.at(text_of(stage)))
        << "f(" << samples[at] << ") is " << got[at] << ", exactly " << exact(stage, samples[at]);
    EXPECT_LE(stated.at(text_of(stage)), stage.kind == "pow" ? 4e-5 : 4e-6);
  }
  for (const dsl::StageKind& kind : dsl::stage_kinds())
    if (kind.needs == dsl::StageNeeds::nothing) EXPECT_TRUE(seen.contains(kind.name)) << kind.name;
}

// The families of generated problems, whose every kernel is searched for calls, leave out no
// operator and no stage.
TEST(Activations, AllOperatorsAndStagesAreGenerated) {
  using namespace testing_support;
  std::set<std::string> ops, stages;
  Random random(1);
  for (const Family& family : families())
    for (int i = 0; i < 1000; ++i) {
      const Problem problem = make_problem(family, random);
      ops.insert(problem.task.op);
      for (const auto* chain : {&problem.task.prologue, &problem.task.epilogue})
        for (const Stage& stage : *chain) stages.insert(stage.kind);
    }
  for (const dsl::Op& op : dsl::ops()) EXPECT_TRUE(ops.contains(op.name)) << op.name;
  for (const dsl::StageKind& kind : dsl::stage_kinds())
    EXPECT_TRUE(stages.contains(kind.name)) << kind.name;
}

}  // namespace
}  // namespace tenfold
