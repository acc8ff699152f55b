// What tests of planning share: a network by hand is planned, checked under a model of memory, run
// twice over garbage, and compared with the plain evaluator.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "graph/evaluate.h"
#include "graph/memory.h"
#include "graph/planner.h"
#include "tests/graph/network_builder.h"
#include "tests/graph/plan_checker.h"
#include "tests/graph/plan_interpreter.h"

namespace tenfold::graph {

using Kinds = std::map<std::string, int>;

inline Kinds kinds_of(const Plan& plan) {
  Kinds kinds;
  for (const Step& step : plan.steps) ++kinds[step.task.op];
  return kinds;
}

inline void expect_same(const std::vector<Array>& got, const std::vector<Array>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].dims(), want[i].dims());
    double scale = 1;
    for (float value : want[i].as<float>())
      scale = std::max(scale, std::fabs(static_cast<double>(value)));
    for (int64_t e = 0; e < got[i].elements(); ++e)
      ASSERT_TRUE(std::fabs(got[i].as<float>()[e] - want[i].as<float>()[e]) <= 1e-6 * scale)
          << "output " << i << " element " << e << ": " << got[i].as<float>()[e] << ", expected "
          << want[i].as<float>()[e];
  }
}

inline Plan planned(NetworkBuilder& builder, const PlanOptions& options = {},
                    const CostFunction& cost = estimated_seconds) {
  const Network network = builder.finish();
  auto made = make_plan(network, options, cost);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  if (!made) return {};
  const std::string fault = PlanChecker(*made).run();
  EXPECT_TRUE(fault.empty()) << fault << "\n" << describe(*made);
  EXPECT_GE(made->arena_bytes, arena_lower_bound(*made));

  const std::vector<Array> inputs = builder.inputs();
  const auto want = evaluate(network, inputs);
  EXPECT_TRUE(want);
  PlanInterpreter interpreter(*made);
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto got = interpreter.run(inputs);
    EXPECT_TRUE(got) << (got ? "" : got.error().message);
    if (got && want) expect_same(*got, *want);
  }
  return *std::move(made);
}

}  // namespace tenfold::graph
