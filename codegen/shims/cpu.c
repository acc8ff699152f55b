/* Which CPU targets this machine runs, asked of the processor and of the operating system that
 * saves its registers. */
#include <string.h>

#include "shims.h"

#if defined(__x86_64__)
#include <cpuid.h>

static unsigned long long saved_registers(void) {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((unsigned long long)high << 32) | low;
}

int tenfold_cpu_runs(const char* target) {
  unsigned a, b, c1, c7, d, b7;
  if (!__get_cpuid(1, &a, &b, &c1, &d) || !__get_cpuid_count(7, 0, &a, &b7, &c7, &d)) return 0;
  const unsigned first = bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C | bit_SSE4_1;
  if ((c1 & first) != first || !(b7 & bit_AVX2) || (saved_registers() & 6) != 6) return 0;
  if (strcmp(target, "x86_64-avx2") == 0) return 1;
  const unsigned more = bit_AVX512F | bit_AVX512VL | bit_AVX512BW | bit_AVX512DQ | bit_AVX512CD;
  return strcmp(target, "x86_64-avx512") == 0 && (b7 & more) == more &&
         (saved_registers() & 0xe6) == 0xe6;
}
#else
int tenfold_cpu_runs(const char* target) {
  return (void)target, 0;
}
#endif
