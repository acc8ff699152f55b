// What the tests of generated problems share: failures are told as the smallest line that
// reproduces them.
#pragma once
#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <vector>

#include "tests/minimise.h"
#include "tests/problems.h"

namespace tenfold::testing_support {

/// Every job passes; the first that does not is minimised.
inline void expect_pass(const std::vector<KernelJob>& jobs, const Target& target) {
  const std::vector<std::string> verdicts = check_kernels(jobs, target);
  bool minimised = false;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (verdicts[i].empty()) continue;
    ADD_FAILURE() << verdicts[i] << "\ntenfold-check-kernel '" << to_text(jobs[i]) << "'";
    if (minimised) continue;
    minimised = true;
    const KernelJob least = minimise(jobs[i], target, [&](const KernelJob& candidate) {
      return !check_kernels({candidate}, target)[0].empty();
    });
    ADD_FAILURE() << "the smallest that fails: tenfold-check-kernel '" << to_text(least) << "'";
  }
}

inline std::string family_name(const ::testing::TestParamInfo<size_t>& info) {
  return families()[info.param].name;
}

inline void expect_family_passes(const Family& family, int problems, RandomConfigsOf which,
                                 uint64_t seed) {
  std::cout << "seed " << seed << ", " << problems << " problems\n";
  const Target target = *parse_target("host");
  Random random(seed);
  expect_pass(family_jobs(family, problems, target, which, random), target);
}

}  // namespace tenfold::testing_support
