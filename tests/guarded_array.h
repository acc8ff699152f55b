// Floats between two unreadable pages. The array lies against one of them: a read or write past its
// end (Against::end, up to the rounding to 64 bytes that bases have) or before its base
// (Against::begin) is a crash. What the pages hold besides it is NaN.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tenfold::testing_support {

enum class Against { end, begin };

class GuardedArray {
 public:
  GuardedArray(int64_t elements, Against side);
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray(GuardedArray&& other) noexcept { *this = std::move(other); }
  GuardedArray& operator=(GuardedArray&& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(mapped_, other.mapped_);
    std::swap(data_, other.data_);
    std::swap(elements_, other.elements_);
    return *this;
  }
  ~GuardedArray();

  float* data() const { return data_; }
  int64_t elements() const { return elements_; }
  /// Including what rounds it up to 64 bytes.
  int64_t reachable() const { return (elements_ + 15) / 16 * 16; }

 private:
  std::byte* mapping_ = nullptr;
  size_t mapped_ = 0;
  float* data_ = nullptr;
  int64_t elements_ = 0;
};

}  // namespace tenfold::testing_support
