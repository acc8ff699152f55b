#include "bench/ops/fma_peak.h"

#include <immintrin.h>

namespace tenfold::bench {
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

}  // namespace

double fma_burst(int lanes, int repetitions) {
  if (lanes == 16)
    burst16(repetitions);
  else
    burst8(repetitions);
  return 2.0 * lanes * chains * repetitions;
}

}  // namespace tenfold::bench
