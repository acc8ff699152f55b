#include "cli/build_adapter.h"

#include "cli/interrupt.h"

namespace tenfold::cli {

Result<std::unique_ptr<BuildAdapter>> BuildAdapter::start(int jobs, double timeout_s,
                                                          const KernelCache& cache) {
  TENFOLD_TRY(auto pool, codegen::BuilderPool::start(
                             {.builder_path = "", .jobs = jobs, .timeout_s = timeout_s}));
  return std::unique_ptr<BuildAdapter>(new BuildAdapter(std::move(pool), cache));
}

autotune::Candidate BuildAdapter::candidate(const Config& config,
                                            const codegen::Kernel& kernel) const {
  return {config, kernel.symbol, cache_.object_path(kernel.symbol), kernel.scratch_bytes};
}

int BuildAdapter::submit(const Task& task, const Target& target, const Config& config) {
  const int ticket = next_ticket_++;
  const codegen::KernelRequest request{.task = task, .config = config, .target = target};
  if (const auto cached = cache_.find(codegen::kernel_symbol(request))) {
    ready_.push_back({ticket, config, candidate(config, *cached)});
  } else {
    building_.emplace(pool_->submit(request), std::pair{ticket, config});
  }
  return ticket;
}

autotune::Builder::Built BuildAdapter::wait() {
  if (!ready_.empty()) {
    Built built = std::move(ready_.back());
    ready_.pop_back();
    return built;
  }
  while (!pool_->ready(50))
    if (const Status status = check_interrupted(); !status) {
      const auto first = building_.begin();
      const auto [ticket, config] = first->second;
      building_.erase(first);
      return {ticket, config, status.error()};
    }
  codegen::BuilderPool::Finished finished = pool_->wait();
  const auto found = building_.find(finished.ticket);
  const auto [ticket, config] = found->second;
  building_.erase(found);
  if (!finished.kernel) return {ticket, config, finished.kernel.error()};
  if (const Status stored = cache_.store(*finished.kernel); !stored)
    return {ticket, config, stored.error()};
  return {ticket, config, candidate(config, *finished.kernel)};
}

int BuildAdapter::pending() const {
  return static_cast<int>(ready_.size() + building_.size());
}

}  // namespace tenfold::cli
