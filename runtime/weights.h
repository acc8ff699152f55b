// The weights file: one variant's section of it, mapped read-only or copied into huge pages, after
// its size and header have been compared with what the library says. All of its bytes are hashed
// only when asked for.
#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "runtime/failure.h"
#include "runtime/memory.h"

namespace tenfold::runtime {

struct WeightsOptions {
  bool hash_all = false;
  bool copy = false;  // sections that small pages would hold up, where the system has huge ones
};

class Weights {
 public:
  Weights() = default;
  ~Weights();
  Weights(Weights&& other) noexcept { swap(other); }
  Weights& operator=(Weights&& other) noexcept {
    swap(other);
    return *this;
  }

  /// Takes the variant's section. Errors: NOT_FOUND, IO; CORRUPT when the file is not the one that
  /// `library` was written with.
  static Failure load(const std::string& path, const tenfold_library& library,
                      const tenfold_variant& variant, const WeightsOptions& options,
                      Weights& weights);

  const std::byte* data() const { return data_; }
  size_t size_bytes() const { return size_bytes_; }

 private:
  void swap(Weights& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
    copy_.swap(other.copy_);
  }
  const std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
  Pages copy_;  // holds the data, unless they are mapped
};

}  // namespace tenfold::runtime
