// The weights file: mapped read-only, one variant's section of it, after its size and header have
// been compared with what the library says. All of its bytes are hashed only when asked for.
#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "runtime/failure.h"

namespace tenfold::runtime {

class Weights {
 public:
  Weights() = default;
  ~Weights();
  Weights(Weights&& other) noexcept { swap(other); }
  Weights& operator=(Weights&& other) noexcept {
    swap(other);
    return *this;
  }

  /// Maps the variant's section. Errors: NOT_FOUND, IO; CORRUPT when the file is not the one that
  /// `library` was written with.
  static Failure map(const std::string& path, const tenfold_library& library,
                     const tenfold_variant& variant, bool hash_all, Weights& weights);

  const std::byte* data() const { return data_; }
  size_t size_bytes() const { return size_bytes_; }

 private:
  void swap(Weights& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
  }
  const std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
};

}  // namespace tenfold::runtime
