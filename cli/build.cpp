#include "cli/build.h"

#include <fmt/core.h>

#include <map>

#include "cli/interrupt.h"

namespace tenfold::cli {

Result<std::vector<codegen::Kernel>> build_kernels(
    const std::vector<codegen::KernelRequest>& requests, const BuildOptions& options,
    const KernelCache& cache, Progress& progress, BuildCounts& counts) {
  std::map<std::string, codegen::Kernel> kernels;
  std::map<std::string, const codegen::KernelRequest*> missing;
  std::vector<std::string> symbols;
  for (const codegen::KernelRequest& request : requests) {
    symbols.push_back(codegen::kernel_symbol(request));
    const std::string& symbol = symbols.back();
    if (kernels.contains(symbol) || missing.contains(symbol)) continue;
    if (auto cached = cache.find(symbol)) {
      kernels.emplace(symbol, std::move(*cached));
    } else {
      missing.emplace(symbol, &request);
    }
  }
  counts = {static_cast<int64_t>(kernels.size() + missing.size()),
            static_cast<int64_t>(kernels.size())};

  if (!missing.empty()) {
    TENFOLD_TRY(const auto pool,
                codegen::BuilderPool::start(
                    {.builder_path = "", .jobs = options.jobs, .timeout_s = options.timeout_s}));
    std::map<int, const codegen::KernelRequest*> tickets;
    auto next = missing.begin();
    const auto start = std::chrono::steady_clock::now();
    for (size_t built = 0; built < missing.size(); ++built) {
      while (next != missing.end() && pool->pending() < 2 * options.jobs) {
        tickets.emplace(pool->submit(*next->second), next->second);
        ++next;
      }
      while (!pool->ready(50)) TENFOLD_CHECK(check_interrupted());
      codegen::BuilderPool::Finished finished = pool->wait();
      TENFOLD_CHECK(check_interrupted());
      if (!finished.kernel)
        return Error{finished.kernel.error().code,
                     "kernel " + to_text(tickets[finished.ticket]->task) + " [" +
                         to_text(tickets[finished.ticket]->config) +
                         "]: " + finished.kernel.error().message};
      const Status stored =
          cache.store(*finished.kernel);  // a full disk there is no reason to fail here
      static_cast<void>(stored.operator bool());
      kernels.emplace(finished.kernel->symbol, std::move(*finished.kernel));
      const double spent =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const double rate = static_cast<double>(built + 1) / std::max(spent, 1e-3);
      progress.show(fmt::format(
          "compiling kernels: {} of {}, {:.1f} a second, {} left", built + 1, missing.size(), rate,
          duration_text(static_cast<double>(missing.size() - built - 1) / rate)));
    }
  }
  std::vector<codegen::Kernel> result;
  for (const std::string& symbol : symbols) result.push_back(kernels.at(symbol));
  return result;
}

}  // namespace tenfold::cli
