// Compiled kernels on disk, so that a compile after a tuning run, or a second compile, builds
// nothing twice. A kernel's symbol is the hash of all that it depends on, the compiler's version
// included: an entry never goes stale. An entry is two files: SYMBOL.o, the object as the runner
// loads it, and SYMBOL.json, written last, with the rest and the object's hash.
#pragma once
#include <optional>
#include <string>

#include "cli/files.h"
#include "codegen/kernel.h"

namespace tenfold::cli {

class KernelCache {
 public:
  /// In the user's cache folder; in a scratch folder where that can't be written.
  static Result<KernelCache> open();

  /// Nothing when there is no entry or when it is damaged. A hit counts as use.
  std::optional<codegen::Kernel> find(const std::string& symbol) const;

  /// Errors: io.
  Status store(const codegen::Kernel& kernel) const;

  std::string object_path(const std::string& symbol) const { return folder_ + "/" + symbol + ".o"; }

  /// Whether the kernel has passed its last validation, with the compiler's own checks in it.
  bool validated(const std::string& symbol) const;
  Status set_validated(const std::string& symbol) const;

  /// Removes what was not used for longest until `limit_bytes` are left; nothing that was used in
  /// the last hour.
  void prune(int64_t limit_bytes) const;

 private:
  KernelCache(std::string folder, std::optional<ScratchFolder> scratch)
      : folder_(std::move(folder)), scratch_(std::move(scratch)) {}
  std::string folder_;
  std::optional<ScratchFolder> scratch_;
};

}  // namespace tenfold::cli
