// Kernels for a compile: from the cache, else built side by side in the builder's processes.
#pragma once
#include <string>
#include <vector>

#include "cli/kernel_cache.h"
#include "cli/progress.h"
#include "codegen/builder_pool.h"

namespace tenfold::cli {

struct BuildOptions {
  int jobs = 2;
  double timeout_s = 120;
};

struct BuildCounts {
  int64_t distinct = 0, cached = 0;
};

/// One kernel a request, in order; equal requests are built once. Errors: the first failure, naming
/// its task; cancelled.
Result<std::vector<codegen::Kernel>> build_kernels(
    const std::vector<codegen::KernelRequest>& requests, const BuildOptions& options,
    const KernelCache& cache, Progress& progress, BuildCounts& counts);

}  // namespace tenfold::cli
