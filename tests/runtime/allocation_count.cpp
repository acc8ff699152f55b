#include "allocation_count.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace {
std::atomic<bool> counting{false};
std::atomic<int64_t> count{0};
void note() {
  if (counting.load(std::memory_order_relaxed)) count.fetch_add(1, std::memory_order_relaxed);
}
}  // namespace

AllocationCount::AllocationCount() {
  count = 0;
  counting = true;
}
AllocationCount::~AllocationCount() {
  counting = false;
}
int64_t AllocationCount::calls() const {
  return count;
}

// The C library's own names behind the public ones; these definitions take precedence over its own
// in every library.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  return note(), __libc_malloc(size);
}
void* calloc(size_t number, size_t size) {
  return note(), __libc_calloc(number, size);
}
void* realloc(void* memory, size_t size) {
  return note(), __libc_realloc(memory, size);
}
void* memalign(size_t alignment, size_t size) {
  return note(), __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return note(), __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  note();
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
void* mmap(void* address, size_t length, int protection, int flags, int file, off_t offset) {
  note();
  return reinterpret_cast<void*>(
      syscall(SYS_mmap, address, length, protection, flags, file, offset));
}
}
