#include "runtime/runner/peaks.h"

#include <immintrin.h>

#include <algorithm>
#include <iterator>

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

constexpr int loaded_steps = 16;  // whose operands stay in the first-level cache

__attribute__((target("avx2,fma"))) void multiply_loaded(const float* scalars, const float* vectors,
                                                         int repetitions) {
  constexpr int rows = chains / 2;
  __m256 left[rows], right[rows];
#pragma GCC unroll 6
  for (int r = 0; r < rows; ++r) left[r] = right[r] = _mm256_set1_ps(source);
  for (int done = 0; done < repetitions; done += loaded_steps)
#pragma GCC unroll 4
    for (int step = 0; step < loaded_steps; ++step) {
      const __m256 b0 = _mm256_load_ps(vectors + 16 * step);
      const __m256 b1 = _mm256_load_ps(vectors + 16 * step + 8);
#pragma GCC unroll 6
      for (int r = 0; r < rows; ++r) {
        const __m256 a = _mm256_broadcast_ss(scalars + rows * step + r);
        left[r] = _mm256_fmadd_ps(a, b0, left[r]);
        right[r] = _mm256_fmadd_ps(a, b1, right[r]);
      }
    }
  __m256 total = _mm256_setzero_ps();
#pragma GCC unroll 6
  for (int r = 0; r < rows; ++r) total = _mm256_add_ps(total, _mm256_add_ps(left[r], right[r]));
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

void loaded_burst(int repetitions) {
  alignas(64) float scalars[loaded_steps * chains / 2], vectors[loaded_steps * 16];
  std::fill(std::begin(scalars), std::end(scalars), source);
  std::fill(std::begin(vectors), std::end(vectors), source);
  multiply_loaded(scalars, vectors, repetitions);
}

double fma_operations(int lanes, int repetitions) {
  return 2.0 * lanes * chains * repetitions;
}

__attribute__((target("avx2"))) void move_bytes(const Operands& operands, int streams) {
  constexpr int64_t line_bytes = 64, lines_a_step = 8;
  const int64_t read = operands.read_bytes / line_bytes / streams;
  const int64_t constant = operands.constant_bytes / line_bytes / streams;
  const int64_t write = operands.write_bytes / line_bytes / streams;
  const int64_t longest = std::max({read, constant, write});
  const int64_t steps = (longest + lines_a_step - 1) / lines_a_step;
  const auto a_step = [&](int64_t lines) {
    return static_cast<double>(lines) / static_cast<double>(std::max<int64_t>(steps, 1));
  };
  const double read_step = a_step(read), constant_step = a_step(constant),
               write_step = a_step(write);
  const __m256i value = _mm256_castps_si256(_mm256_set1_ps(source));
  __m256i sum[2] = {value, value};
  int64_t read_done = 0, constant_done = 0, write_done = 0;
  for (int64_t step = 1; step <= steps; ++step) {
    const auto until = [&](double each, int64_t lines) {
      return step == steps ? lines : static_cast<int64_t>(each * static_cast<double>(step));
    };
    const int64_t read_until = until(read_step, read);
    const int64_t constant_until = until(constant_step, constant);
    const int64_t write_until = until(write_step, write);
    for (int64_t stream = 0; stream < streams; ++stream) {
      const auto* from =
          reinterpret_cast<const __m256i*>(operands.read + stream * read * line_bytes);
      for (int64_t line = read_done; line < read_until; ++line)
        for (int half = 0; half < 2; ++half)
          sum[half] = _mm256_xor_si256(sum[half], _mm256_load_si256(from + 2 * line + half));
      from = reinterpret_cast<const __m256i*>(operands.constants + stream * constant * line_bytes);
      for (int64_t line = constant_done; line < constant_until; ++line)
        for (int half = 0; half < 2; ++half)
          sum[half] = _mm256_xor_si256(sum[half], _mm256_load_si256(from + 2 * line + half));
      auto* to = reinterpret_cast<__m256i*>(operands.write + stream * write * line_bytes);
      for (int64_t line = write_done; line < write_until; ++line)
        for (int half = 0; half < 2; ++half) _mm256_store_si256(to + 2 * line + half, value);
    }
    read_done = read_until;
    constant_done = constant_until;
    write_done = write_until;
  }
  sink = _mm256_cvtss_f32(_mm256_castsi256_ps(_mm256_xor_si256(sum[0], sum[1])));
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
