// A pass keeps what a network computes: the plain evaluator before and after, on the same small
// integers.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/evaluate.h"
#include "network_builder.h"

namespace tenfold::graph {

inline std::vector<std::string> ops_in_order(const Network& network) {
  std::vector<std::string> ops;
  for (const Node& node : network.nodes) ops.push_back(node.op);
  return ops;
}

/// Runs `passes` over what was built and expects these ops, in order, and results equal to within
/// `tolerance` of the largest.
inline Network expect_pass(NetworkBuilder& builder,
                           std::initializer_list<Status (*)(Network&)> passes,
                           const std::vector<std::string>& ops, double tolerance = 1e-6) {
  const Network before = builder.finish();
  EXPECT_TRUE(check(before));
  Network after = before;
  for (const auto pass : passes) {
    const Status status = pass(after);
    EXPECT_TRUE(status) << status.error().message;
  }
  EXPECT_TRUE(check(after));
  EXPECT_EQ(ops_in_order(after), ops);
  EXPECT_EQ(after.outputs, before.outputs);
  const std::vector<Array> inputs = builder.inputs();
  const auto expected = evaluate(before, inputs), got = evaluate(after, inputs);
  EXPECT_TRUE(expected && got);
  if (!expected || !got) return after;
  for (size_t i = 0; i < expected->size(); ++i) {
    const auto want = (*expected)[i].as<float>(), have = (*got)[i].as<float>();
    double largest = 1;
    for (float v : want) largest = std::max(largest, std::abs(static_cast<double>(v)));
    EXPECT_EQ(want.size(), have.size());
    for (size_t k = 0; k < want.size() && k < have.size(); ++k)
      EXPECT_TRUE(std::abs(static_cast<double>(want[k]) - have[k]) <= tolerance * largest)
          << "output " << i << "[" << k << "]: " << want[k] << " became " << have[k];
  }
  return after;
}

}  // namespace tenfold::graph
