// Import, passes and evaluation against ONNX Runtime: onnx_cases.py makes small models of every
// operator and pattern, and the two real text models at small sizes; each is imported, normalised
// and evaluated here.
#include "onnx_cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/evaluate.h"
#include "graph/passes.h"
#include "graph/planner.h"
#include "tests/graph/plan_checker.h"
#include "tests/graph/plan_interpreter.h"

namespace tenfold::graph {
namespace {

std::vector<float> floats(const fs::path& path) {
  std::vector<float> values(fs::file_size(path) / sizeof(float));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

/// Ops by name, sorted, as the index lists them.
std::string ops_of(const Network& network) {
  std::vector<std::string> names;
  for (const Node& node : network.nodes) names.push_back(node.op);
  std::ranges::sort(names);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::vector<Array> inputs_of(const Case& c, const Network& network) {
  std::vector<Array> inputs;
  EXPECT_EQ(network.inputs.size(), c.inputs) << c.name;
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    Array input(DType::f32, network.tensors[network.inputs[i]].dims);
    const std::vector<float> values = floats(cases() / (c.name + ".in" + std::to_string(i)));
    EXPECT_EQ(static_cast<int64_t>(values.size()), input.elements()) << c.name;
    if (static_cast<int64_t>(values.size()) == input.elements())
      std::ranges::copy(values, input.as<float>().begin());
    inputs.push_back(std::move(input));
  }
  return inputs;
}

void expect_same(const Case& c, const Result<std::vector<Array>>& outputs) {
  ASSERT_TRUE(outputs) << c.name << ": " << outputs.error().message;
  ASSERT_EQ(outputs->size(), c.outputs) << c.name;
  for (size_t i = 0; i < c.outputs; ++i) {
    const std::vector<float> expected = floats(cases() / (c.name + ".out" + std::to_string(i)));
    const auto got = (*outputs)[i].as<float>();
    ASSERT_EQ(got.size(), expected.size()) << c.name << ": " << to_string((*outputs)[i].dims());
    double size = 1e-2, error = 0;
    size_t worst = 0;
    for (size_t k = 0; k < got.size(); ++k) {
      size = std::max(size, std::abs(static_cast<double>(expected[k])));
      const double difference = std::abs(static_cast<double>(got[k]) - expected[k]);
      if (!(difference <= error)) {
        error = difference;
        worst = k;
      }
    }
    const double tolerance = c.name.starts_with("half_model") ? 3e-3 : 2e-5;
    EXPECT_TRUE(error <= tolerance * size)
        << c.name << " output " << i << "[" << worst << "]: " << got[worst] << ", ONNX Runtime has "
        << expected[worst];
  }
}

TEST(OnnxCases, MatchOnnxRuntime) {
  const std::vector<Case> list = listed();
  ASSERT_GT(list.size(), 250u);
  for (const Case& c : list) {
    Result<Network> network = import_onnx((cases() / (c.name + ".onnx")).string());
    ASSERT_TRUE(network) << network.error().message;
    const Status status = run_passes(*network);
    EXPECT_TRUE(status) << status.error().message;
    if (!status) continue;
    if (c.ops != "-") {
      EXPECT_EQ(ops_of(*network), c.ops) << c.name;
    }
    expect_same(c, evaluate(*network, inputs_of(c, *network)));
  }
}

TEST(OnnxCases, PlansMatchOnnxRuntime) {
  const std::vector<Case> list = listed();
  ASSERT_GT(list.size(), 250u);
  for (const Case& c : list) {
    Result<Network> network = import_onnx((cases() / (c.name + ".onnx")).string());
    ASSERT_TRUE(network && run_passes(*network)) << c.name;
    const auto plan = make_plan(*network, {});
    ASSERT_TRUE(plan) << c.name << ": " << plan.error().message;
    EXPECT_EQ(PlanChecker(*plan).run(), "") << c.name;
    expect_same(c, PlanInterpreter(*plan).run(inputs_of(c, *network)));
  }
}

}  // namespace
}  // namespace tenfold::graph
