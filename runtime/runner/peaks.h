// What this machine can do at most, one thread's part of it: multiply-adds from registers, and
// bytes moved. What a kernel's share is a share of; figures.cpp runs them on all threads.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tenfold::runner {

/// Independent fused multiply-adds on vectors of `lanes` float32 (8 or 16). Returns
/// fma_operations(); the caller times it. Precondition: the CPU has such vectors.
double fma_burst(int lanes, int repetitions);

/// The same work with an operand of each from the first-level cache, as a kernel has them: it slows
/// down too where another program shares the core's load ports and decoders, which a burst from
/// registers does not feel. Precondition: the CPU has vectors of 8, repetitions are a multiple
/// of 16.
void loaded_burst(int repetitions);

/// The floating-point operations of a burst; a loaded one has 8 lanes.
double fma_operations(int lanes, int repetitions);

/// What a loop moves. Sizes are multiples of 64 bytes, addresses too.
struct Operands {
  const std::byte* read;
  int64_t read_bytes;
  const std::byte* constants;
  int64_t constant_bytes;
  std::byte* write;
  int64_t write_bytes;
};

/// Reads and writes every byte once, but for less than a line a stream, and does nothing else. The
/// operands advance together, each from `streams` places in turn.
void move_bytes(const Operands& operands, int streams);

/// The bytes are in no cache of any core afterwards.
void flush(const std::byte* data, size_t size_bytes);

}  // namespace tenfold::runner
