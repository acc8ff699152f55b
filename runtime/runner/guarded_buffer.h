// GuardedBuffer: memory with a page that can't be touched on either side. Its end lies against the
// page behind, as nearly as an alignment of 64 bytes allows, so that one vector too far is a fault
// and not a silent neighbour.
#pragma once
#include <cstddef>
#include <string>

#include "base/result.h"

namespace tenfold::runner {

class GuardedBuffer {
 public:
  GuardedBuffer() = default;
  /// data() is null when the system refuses.
  explicit GuardedBuffer(size_t size_bytes);
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

  /// The content of a file, which must have exactly size_bytes. Errors: io, corrupt.
  static Result<GuardedBuffer> from_file(const std::string& path, size_t size_bytes);

 private:
  void swap(GuardedBuffer& other) noexcept;
  std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
  std::byte* pages_ = nullptr;  // the usable ones
  size_t pages_bytes_ = 0;
};

}  // namespace tenfold::runner
