#include "runtime/runner/peaks.h"

#include <immintrin.h>

#include <cstdint>

namespace tenfold::runner {
namespace {

constexpr int chains = 12;  // latency 4 times two units, and some

// Volatile ends keep the compiler from folding the loop.
volatile float sink;
volatile float source = 0.999999f;

__attribute__((target("avx2,fma"))) void burst8(int repetitions) {
  const __m256 a = _mm256_set1_ps(source), b = _mm256_set1_ps(source);
  __m256 sum[chains];
  for (__m256& s : sum) s = _mm256_set1_ps(source);
  for (int i = 0; i < repetitions; ++i)
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = _mm256_fmadd_ps(sum[c], a, b);
  __m256 total = _mm256_setzero_ps();
  for (const __m256& s : sum) total = _mm256_add_ps(total, s);
  sink = _mm256_cvtss_f32(total);
}

__attribute__((target("avx512f"))) void burst16(int repetitions) {
  const __m512 a = _mm512_set1_ps(source), b = _mm512_set1_ps(source);
  __m512 sum[chains];
  for (__m512& s : sum) s = _mm512_set1_ps(source);
  for (int i = 0; i < repetitions; ++i)
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sum[c] = _mm512_fmadd_ps(sum[c], a, b);
  __m512 total = _mm512_setzero_ps();
  for (const __m512& s : sum) total = _mm512_add_ps(total, s);
  sink = _mm512_cvtss_f32(total);
}

__attribute__((target("clflushopt"))) void flush_in_any_order(uintptr_t line, uintptr_t end) {
  for (; line < end; line += 64) _mm_clflushopt(reinterpret_cast<void*>(line));
}

void flush_in_order(uintptr_t line, uintptr_t end) {
  for (; line < end; line += 64) _mm_clflush(reinterpret_cast<void*>(line));
}

}  // namespace

double fma_burst(int lanes, int repetitions) {
  if (lanes == 16)
    burst16(repetitions);
  else
    burst8(repetitions);
  return fma_operations(lanes, repetitions);
}

double fma_operations(int lanes, int repetitions) {
  return 2.0 * lanes * chains * repetitions;
}

__attribute__((target("avx2"))) void read_all(const std::byte* from, size_t size_bytes) {
  constexpr size_t block = 256;  // eight loads that do not wait for each other
  __m256i sum[8];
  for (__m256i& s : sum) s = _mm256_setzero_si256();
  const auto* at = reinterpret_cast<const __m256i*>(from);
  size_t left = size_bytes;
  for (; left >= block; left -= block, at += 8)
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) sum[i] = _mm256_xor_si256(sum[i], _mm256_load_si256(at + i));
  for (; left >= sizeof *at; left -= sizeof *at, ++at)
    sum[0] = _mm256_xor_si256(sum[0], _mm256_load_si256(at));
  for (int i = 1; i < 8; ++i) sum[0] = _mm256_xor_si256(sum[0], sum[i]);
  sink = _mm256_cvtss_f32(_mm256_castsi256_ps(sum[0]));
}

__attribute__((target("avx2"))) void write_all(std::byte* to, size_t size_bytes) {
  const __m256i value = _mm256_castps_si256(_mm256_set1_ps(source));
  auto* at = reinterpret_cast<__m256i*>(to);
  for (auto* const end = reinterpret_cast<__m256i*>(to + size_bytes); at < end; ++at)
    _mm256_store_si256(at, value);
}

void flush(const std::byte* data, size_t size_bytes) {
  const uintptr_t begin = reinterpret_cast<uintptr_t>(data) & ~uintptr_t{63};
  const uintptr_t end = reinterpret_cast<uintptr_t>(data) + size_bytes;
  if (__builtin_cpu_supports("clflushopt"))
    flush_in_any_order(begin, end);
  else
    flush_in_order(begin, end);
  _mm_mfence();
}

}  // namespace tenfold::runner
