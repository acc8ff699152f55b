// Runs one (task, config) on real memory and compares it with the plain reference. Every operand
// lies in a mapping of its own whose last byte borders on an unreadable page, so that a read or
// write past a root's end is a crash; what lies between and beyond the logical elements is NaN in
// inputs (a kernel that lets it in is wrong) and a known pattern in outputs (a kernel that touches
// it is wrong).
#pragma once
#include <gtest/gtest.h>

#include <cstdint>

#include "base/target.h"
#include "base/task.h"

namespace tenfold::testing_support {

struct KernelRun {
  uint64_t seed = 1;
  bool integers = true;     // small integers, compared exactly; else values of unit scale within
                            // schedules::tolerance
  bool asserts = false;     // the kernel's own checks kept in
  int in_place_input = -1;  // this input is the output's memory
  double scale = 1;         // of the non-integer values
};

/// Compiles, runs twice (a second run must give the same bytes) and compares. The failure names the
/// first wrong element.
::testing::AssertionResult kernel_matches(const Task& task, const Config& config,
                                          const Target& target, const KernelRun& options = {});

/// kernel_matches over the initial config of every space that serves the task, and `configs` seeded
/// random legal ones of each. The failure names the config.
::testing::AssertionResult spaces_match(const Task& task, const Target& target, int configs,
                                        const KernelRun& options = {});

}  // namespace tenfold::testing_support
