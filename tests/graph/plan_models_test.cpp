// The two real models that scripts/setup fetches: their plans compute what the plain evaluator
// does, in little memory, and contain nothing that only moves data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "graph/evaluate.h"
#include "graph/import.h"
#include "graph/memory.h"
#include "graph/passes.h"
#include "graph/planner.h"
#include "tests/graph/plan_checker.h"
#include "tests/graph/plan_interpreter.h"

namespace tenfold::graph {
namespace {

struct Model {
  const char* file;
  Dims full, small;  // shapes of the input "x"
};

class PlanModels : public testing::TestWithParam<Model> {
 protected:
  static Network load(const Dims& shape) {
    const std::string path = std::string(TENFOLD_SOURCE_DIR) + "/.deps/models/" + GetParam().file;
    auto network = import_onnx(path, {.shapes = {{"x", shape}}, .outputs = {}});
    EXPECT_TRUE(network) << (network ? "" : network.error().message);
    if (!network) return {};
    EXPECT_TRUE(run_passes(*network));
    return *std::move(network);
  }
};

TEST_P(PlanModels, ComputesWhatTheNetworkMeans) {
  const Network network = load(GetParam().small);
  Array input(DType::f32, GetParam().small);
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (float& value : input.as<float>()) value = normal(random);
  std::vector<Array> inputs;
  inputs.push_back(std::move(input));
  const auto want = evaluate(network, inputs);
  ASSERT_TRUE(want);
  double scale = 0;
  for (float value : (*want)[0].as<float>())
    scale = std::max(scale, std::fabs(static_cast<double>(value)));
  ASSERT_GT(scale, 0);

  for (const bool on_load : {false, true})
    for (const DeviceKind device : {DeviceKind::cpu, DeviceKind::opencl}) {
      const auto cost = [&](const Task& task) {
        return task.prologue.empty() ? 1.0 : on_load ? 1.5 : 9.0;
      };
      const auto plan = make_plan(network, {.name = "model", .device = device, .layout = {}}, cost);
      ASSERT_TRUE(plan);
      EXPECT_EQ(PlanChecker(*plan).run(), "");
      PlanInterpreter interpreter(*plan);
      for (int repeat = 0; repeat < 2; ++repeat) {
        const auto got = interpreter.run(inputs);
        ASSERT_TRUE(got) << got.error().message;
        ASSERT_EQ(got->size(), want->size());
        for (int64_t i = 0; i < (*want)[0].elements(); ++i)
          ASSERT_TRUE(std::fabs((*got)[0].as<float>()[i] - (*want)[0].as<float>()[i]) <=
                      1e-5 * scale);
      }
    }
}

TEST_P(PlanModels, MovesNothingAndFitsInLittleMemory) {
  const auto plan = make_plan(load(GetParam().full), {});
  ASSERT_TRUE(plan);
  EXPECT_EQ(PlanChecker(*plan).run(), "");
  for (const Step& step : plan->steps) {
    EXPECT_NE(step.task.op, "transpose");
    EXPECT_NE(step.task.op, "gather_channels");
    EXPECT_TRUE(step.task.op != "map" || !step.task.epilogue.empty()) << step.name << " is a copy";
  }
  EXPECT_LE(static_cast<double>(plan->arena_bytes),
            1.05 * static_cast<double>(arena_lower_bound(*plan)));
}

TEST_P(PlanModels, CandidatesHoldEveryPlan) {
  const Network network = load(GetParam().full);
  const auto candidates = candidate_tasks(network, {});
  ASSERT_TRUE(candidates);
  const std::set<Task> known(candidates->begin(), candidates->end());
  EXPECT_EQ(known.size(), candidates->size());
  for (const double cost_on_load : {0.1, 10.0}) {
    const auto plan = make_plan(
        network, {}, [&](const Task& task) { return task.prologue.empty() ? 1 : cost_on_load; });
    ASSERT_TRUE(plan);
    for (const Step& step : plan->steps)
      EXPECT_TRUE(known.contains(step.task)) << to_text(step.task);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , PlanModels,
    testing::Values(Model{"ch_PP-OCRv4_det_infer.onnx", {1, 3, 384, 768}, {1, 3, 64, 96}},
                    Model{"ch_ppocr_mobile_v2.0_cls_infer.onnx", {1, 3, 48, 192}, {2, 3, 48, 96}}),
    [](const auto& test) {
      return std::string(test.param.file).find("det") != std::string::npos ? "Detector"
                                                                           : "Orientation";
    });

}  // namespace
}  // namespace tenfold::graph
