#include "runtime/runner/guarded_buffer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tenfold::runner {
namespace {

constexpr size_t page_bytes = 4096;
constexpr size_t alignment = 64;
constexpr size_t huge_page_bytes = 2 << 20;
constexpr size_t least_huge_bytes = 64 << 10;  // 16 small pages, which no TLB feels
constexpr std::byte mark{0xa5};

constexpr size_t round_up(size_t size, size_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

}  // namespace

GuardedBuffer::GuardedBuffer(size_t size_bytes, PageSize page_size) {
  const bool huge = page_size == PageSize::huge_where_large && size_bytes >= least_huge_bytes;
  const size_t usable =
      round_up(std::max<size_t>(size_bytes, 1), huge ? huge_page_bytes : page_bytes);
  const size_t slack = huge ? huge_page_bytes : 0;  // to begin on a huge page
  void* mapping =
      mmap(nullptr, usable + slack + 2 * page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return;
  std::byte* begin = static_cast<std::byte*>(mapping) + page_bytes;
  std::byte* pages = begin;
  if (slack) {
    const auto address = reinterpret_cast<uintptr_t>(begin);
    pages = begin + (round_up(address, huge_page_bytes) - address);
    munmap(mapping, static_cast<size_t>(pages - begin));
    const size_t behind = slack - static_cast<size_t>(pages - begin);
    if (behind) munmap(pages + usable + page_bytes, behind);
  }
  pages_ = pages;
  pages_bytes_ = usable;
  if (mprotect(pages, usable, PROT_READ | PROT_WRITE) != 0) return;
  if (slack) madvise(pages, usable, MADV_HUGEPAGE);
  size_bytes_ = size_bytes;
  data_ = pages + usable - round_up(std::max<size_t>(size_bytes, 1), alignment);
}

GuardedBuffer::~GuardedBuffer() {
  if (pages_) munmap(pages_ - page_bytes, pages_bytes_ + 2 * page_bytes);
}

void GuardedBuffer::swap(GuardedBuffer& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(pages_, other.pages_);
  std::swap(pages_bytes_, other.pages_bytes_);
}

void GuardedBuffer::make_read_only() {
  mprotect(pages_, pages_bytes_, PROT_READ);
}

void GuardedBuffer::mark_margins() {
  std::fill(pages_, data_, mark);
  std::fill(data_ + size_bytes_, pages_ + pages_bytes_, mark);
}

bool GuardedBuffer::margins_are_marked() const {
  const auto marked = [](const std::byte* begin, const std::byte* end) {
    const auto bytes = static_cast<size_t>(end - begin);
    return bytes == 0 || (*begin == mark && std::memcmp(begin, begin + 1, bytes - 1) == 0);
  };
  return marked(pages_, data_) && marked(data_ + size_bytes_, pages_ + pages_bytes_);
}

Result<GuardedBuffer> GuardedBuffer::from_file(const std::string& path, size_t size_bytes) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{ErrorCode::io, path + ": " + std::strerror(errno)};
  GuardedBuffer buffer(size_bytes);
  if (buffer.data()) std::fill(buffer.pages_, buffer.data_, std::byte{0xff});
  size_t got = 0;
  while (buffer.data() && got < size_bytes) {
    const ssize_t n = read(fd, buffer.data() + got, size_bytes - got);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += static_cast<size_t>(n);
  }
  close(fd);
  if (!buffer.data()) return Error{ErrorCode::io, path + ": no memory for it"};
  if (got != size_bytes) return Error{ErrorCode::corrupt, path + ": shorter than announced"};
  return buffer;
}

}  // namespace tenfold::runner
