// A failing kernel made small: the minimiser takes extents, kernels, pads, stages, layouts and the
// config's axes away from it as long as it fails.
#pragma once
#include <functional>

#include "tests/kernel_farm.h"

namespace tenfold::testing_support {

/// Whether a job fails: check_kernels, or what a test of the minimiser makes up.
using Fails = std::function<bool(const KernelJob&)>;

/// Precondition: fails(job). Returns a job for which `fails` is true and of which no smaller
/// neighbour fails, or the smallest found within `most_tries` calls.
KernelJob minimise(const KernelJob& job, const Target& target, const Fails& fails,
                   int most_tries = 400);

}  // namespace tenfold::testing_support
