#include "tests/guarded_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace tenfold::testing_support {

GuardedArray::GuardedArray(int64_t elements, Against side) : elements_(elements) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t bytes = static_cast<size_t>(reachable()) * sizeof(float);
  const size_t body = (bytes + page - 1) / page * page;
  mapped_ = body + 2 * page;
  mapping_ = static_cast<std::byte*>(
      mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (mapping_ == MAP_FAILED || mprotect(mapping_ + page, body, PROT_READ | PROT_WRITE) != 0)
    std::abort();
  auto* whole = reinterpret_cast<float*>(mapping_ + page);
  std::fill_n(whole, body / sizeof(float), std::numeric_limits<float>::quiet_NaN());
  data_ = whole + (side == Against::end ? (body - bytes) / sizeof(float) : 0);
}

GuardedArray::~GuardedArray() {
  if (mapping_) munmap(mapping_, mapped_);
}

}  // namespace tenfold::testing_support
