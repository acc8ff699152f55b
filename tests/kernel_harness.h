// Runs one (task, config) on real memory and compares it with the plain reference. Every operand
// lies in a mapping of its own between unreadable pages, against the far one first and then against
// the near one, so that a read or write past a root is a crash; what lies between and beyond the
// logical elements is NaN in inputs (a kernel that lets it in is wrong) and a known pattern in
// outputs (a kernel that touches it is wrong).
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>

#include "base/target.h"
#include "base/task.h"
#include "schedules/space.h"

namespace tenfold::testing_support {

struct KernelRun {
  uint64_t seed = 1;
  bool integers = true;     // small integers, compared exactly; else values of unit scale within
                            // schedules::tolerance
  bool asserts = false;     // the kernel's own checks kept in
  int in_place_input = -1;  // this input is the output's memory
  double scale = 1;         // of the non-integer values
  std::optional<Config> against;  // compared with the kernel of this config, not the reference
};

/// Compiles, runs (again on what the first run left: it must give the same) and compares. The
/// failure names the first wrong element. On a CPU it also runs with the iterations of parallel
/// loops in the other order, on values that round: it must give the same bits. Values are positive
/// where the task has a function that is not real, or has a pole, at or below zero. A space with an
/// extra_error is also held to it, as the relative L2 error of a task without a chain.
::testing::AssertionResult kernel_matches(const Task& task, const Config& config,
                                          const Target& target, const KernelRun& options = {});

/// kernel_matches over the initial config of every space that serves the task, and `configs` seeded
/// random legal ones of each; integers only for the spaces that are exact on them. The failure
/// names the config.
::testing::AssertionResult spaces_match(const Task& task, const Target& target, int configs,
                                        const KernelRun& options = {});

/// A seeded random legal config. Errors: not_found when none is met.
Result<Config> random_config(const schedules::Space& space, const Task& task, const Target& target,
                             std::mt19937_64& random);

}  // namespace tenfold::testing_support
