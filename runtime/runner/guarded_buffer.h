// GuardedBuffer: memory between pages that can't be touched. Its end lies against the page behind,
// as nearly as an alignment of 64 bytes allows, so that one vector too far is a fault and not a
// silent neighbour. What lies before its begin is less than a page; a huge one, where it has those.
#pragma once
#include <cstddef>
#include <string>

#include "base/result.h"

namespace tenfold::runner {

class GuardedBuffer {
 public:
  GuardedBuffer() = default;
  /// Huge pages are what a network has, and address translation a part of what is timed; what is
  /// only checked is better off with small ones. data() is null when the system refuses.
  enum class PageSize { small, huge_where_large };
  explicit GuardedBuffer(size_t size_bytes, PageSize page_size = PageSize::huge_where_large);
  ~GuardedBuffer();
  GuardedBuffer(GuardedBuffer&& other) noexcept { swap(other); }
  GuardedBuffer& operator=(GuardedBuffer&& other) noexcept {
    swap(other);
    return *this;
  }

  std::byte* data() const { return data_; }
  size_t size_bytes() const { return size_bytes_; }

  void make_read_only();

  /// The bytes of the usable pages that are not the buffer's, before and behind it, can be marked,
  /// and later be asked whether they still are.
  void mark_margins();
  bool margins_are_marked() const;

  /// The content of a file, which must have exactly size_bytes; NaNs before it. Errors: io,
  /// corrupt.
  static Result<GuardedBuffer> from_file(const std::string& path, size_t size_bytes);

 private:
  void swap(GuardedBuffer& other) noexcept;
  std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
  std::byte* pages_ = nullptr;  // the usable ones
  size_t pages_bytes_ = 0;
};

}  // namespace tenfold::runner
