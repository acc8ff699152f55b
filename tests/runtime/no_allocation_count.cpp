// Under sanitizers: their allocator can't be counted, and nothing is.
#include "allocation_count.h"

AllocationCount::AllocationCount() = default;
AllocationCount::~AllocationCount() = default;
int64_t AllocationCount::calls() const {
  return 0;
}
