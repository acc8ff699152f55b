// The tuner's Builder over the builder's processes. Candidates land in the kernel cache, so that a
// compile finds the winners ready.
#pragma once
#include <map>
#include <memory>

#include "autotune/interfaces.h"
#include "cli/kernel_cache.h"
#include "codegen/builder_pool.h"

namespace tenfold::cli {

class BuildAdapter : public autotune::Builder {
 public:
  /// The cache must outlive the adapter.
  static Result<std::unique_ptr<BuildAdapter>> start(int jobs, double timeout_s,
                                                     const KernelCache& cache);

  int submit(const Task& task, const Target& target, const Config& config) override;
  Built wait() override;
  int pending() const override;

 private:
  BuildAdapter(std::unique_ptr<codegen::BuilderPool> pool, const KernelCache& cache)
      : pool_(std::move(pool)), cache_(cache) {}
  autotune::Candidate candidate(const Config& config, const codegen::Kernel& kernel) const;

  std::unique_ptr<codegen::BuilderPool> pool_;
  const KernelCache& cache_;
  std::map<int, std::pair<int, Config>>
      building_;              // by the pool's ticket: ours, and what it builds
  std::vector<Built> ready_;  // found in the cache
  int next_ticket_ = 0;
};

}  // namespace tenfold::cli
