// Generated problems: seeded random tasks of a family of operators, with tails, primes, asymmetric
// pads, strides, dilations, batches of 1 to 3, chains, slices, halos and layouts. A new operator
// gets a row in the table of problems.cpp.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/task.h"
#include "tests/kernel_farm.h"
#include "tests/problem_random.h"

namespace tenfold::testing_support {

struct Problem {
  Task task;
  bool exact = false;  // sums and products of small integers: float32 has no rounding error
};

struct Family {
  const char* name;
  /// One draw; it may be none (a window that does not fit).
  Problem (*draw)(Random& random);
};

std::span<const Family> families();

/// Draws until dsl::check passes.
Problem make_problem(const Family& family, Random& random);

/// How a problem is run with one config: exactly where its arithmetic and the space's allow it, in
/// place of an operand now and then where one lies where the output does.
KernelJob job_of(const Problem& problem, const Config& config, Random& random);

/// Of which spaces a problem takes a random legal config too: in turn one, or all that serve it.
enum class RandomConfigsOf { one_space, every_space };

/// Problems of a family, each through every space that serves it: the default config, and random
/// legal ones. The problems are the same with either choice.
std::vector<KernelJob> family_jobs(const Family& family, int problems, const Target& target,
                                   RandomConfigsOf which, Random& random);

}  // namespace tenfold::testing_support
