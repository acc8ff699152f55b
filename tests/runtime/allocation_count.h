// Counts calls of the allocator and of mmap in this program, whoever makes them, while a counter
// lives.
#pragma once
#include <cstdint>

class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();
  int64_t calls() const;
};
