// What this machine can do at most, one thread's part of it: multiply-adds from registers, and
// bytes moved. What a kernel's share is a share of; figures.cpp runs them on all threads.
#pragma once
#include <cstddef>

namespace tenfold::runner {

/// Independent fused multiply-adds on vectors of `lanes` float32 (8 or 16). Returns
/// fma_operations(); the caller times it. Precondition: the CPU has such vectors.
double fma_burst(int lanes, int repetitions);

/// The floating-point operations of a burst.
double fma_operations(int lanes, int repetitions);

/// Reads all of `from` and writes all of `to`, and nothing else. Sizes are multiples of 64 bytes,
/// addresses too.
void read_all(const std::byte* from, size_t size_bytes);
void write_all(std::byte* to, size_t size_bytes);

/// The bytes are in no cache of any core afterwards.
void flush(const std::byte* data, size_t size_bytes);

}  // namespace tenfold::runner
