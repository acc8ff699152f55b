// Memory of a context: pages from the system for the arena, and a stack a thread for what kernels
// allocate.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tenfold::runtime {

/// Zeroed pages of the process's own: from 128 KiB on huge ones, the last too, where the system has
/// them. A page is readable before and behind them, since vector loads may start early and end
/// late.
class Pages {
 public:
  Pages() = default;
  explicit Pages(
      size_t size_bytes);  // data() is null when the system refuses; size 0 gives one page
  ~Pages();
  Pages(Pages&& other) noexcept { swap(other); }
  Pages& operator=(Pages&& other) noexcept {
    swap(other);
    return *this;
  }

  std::byte* data() const { return data_; }
  size_t size_bytes() const { return size_bytes_; }
  bool make_read_only();  // false when the system refuses
  void swap(Pages& other) noexcept;

 private:
  std::byte* data_ = nullptr;
  size_t size_bytes_ = 0;
  void* mapping_ = nullptr;
  size_t mapping_bytes_ = 0;
};

/// What the kernels of one thread allocate. Blocks are 64-byte aligned, have 64 readable bytes on
/// both sides, and are mostly freed in the reverse order; a block that is freed early is taken back
/// with the one above it. What exceeds the stack goes to the heap, and the stack grows to the most
/// that was ever held once nothing is held, so that a repeated run never comes back to the heap.
/// One thread at a time.
class Scratch {
 public:
  ~Scratch();
  /// Grows the stack. Precondition: nothing is held. Returns false when the system refuses.
  bool reserve(size_t size_bytes, std::atomic<int64_t>& allocations);
  /// Null when the system refuses.
  void* allocate(size_t size_bytes, std::atomic<int64_t>& allocations);
  void release(void* memory, std::atomic<int64_t>& allocations);
  size_t capacity_bytes() const { return pages_.size_bytes(); }
  size_t peak_bytes() const { return peak_bytes_; }  // with headers

 private:
  struct Header;
  Pages pages_;
  Header* top_ = nullptr;
  size_t used_bytes_ = 0;
  size_t heap_bytes_ = 0;
  size_t peak_bytes_ = 0;
};

}  // namespace tenfold::runtime
