// Many kernels checked at once, each in a process of its own: a crash, a hang or an abort of a
// compiler or a kernel is one failure among others.
#pragma once
#include <string>
#include <vector>

#include "tests/kernel_harness.h"

namespace tenfold::testing_support {

struct KernelJob {
  Task task;
  Config config;
  KernelRun run;
};

/// The job as one line, which tenfold-check-kernel takes, and parse_job reads back:
///   TASK | CONFIG | seed=7 integers=1 asserts=0 in_place=-1 scale=1 [| against CONFIG]
std::string to_text(const KernelJob& job);
Result<KernelJob> parse_job(const std::string& line);

/// What went wrong with each job, in order; empty where nothing did. `at_once` 0: one a core.
std::vector<std::string> check_kernels(const std::vector<KernelJob>& jobs, const Target& target,
                                       int at_once = 0);

}  // namespace tenfold::testing_support
