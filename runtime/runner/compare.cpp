#include "runtime/runner/compare.h"

#include <bit>
#include <cmath>

#include "base/runner_protocol.h"

namespace tenfold::runner {
namespace {

using runner_protocol::untouched_bits;

/// `Initial` gives the bits that an untouched element has. Counts mismatches: no branch, so that it
/// becomes vectors.
template <class Initial>
uint32_t mismatches(const uint32_t* got, const uint32_t* expected, size_t count, float absolute,
                    float relative, const Initial& initial) {
  uint32_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    const float value = std::bit_cast<float>(got[i]), want = std::bit_cast<float>(expected[i]);
    const uint32_t near = std::abs(value - want) <= absolute + relative * std::abs(want) ? 1 : 0;
    const uint32_t kept = got[i] == initial(i) ? 1 : 0;
    found += expected[i] == untouched_bits ? 1 - kept : 1 - near;
  }
  return found;
}

}  // namespace

bool all_match(const uint32_t* got, const uint32_t* expected, const uint32_t* initial, size_t count,
               float absolute, float relative) {
  constexpr size_t block = size_t{1}
                           << 20;  // a count of mismatches can't overflow, and an early one ends it
  for (size_t begin = 0; begin < count; begin += block) {
    const size_t size = begin + block < count ? block : count - begin;
    const uint32_t found =
        initial ? mismatches(got + begin, expected + begin, size, absolute, relative,
                             [first = initial + begin](size_t i) { return first[i]; })
                : mismatches(got + begin, expected + begin, size, absolute, relative,
                             [](size_t) { return untouched_bits; });
    if (found) return false;
  }
  return true;
}

}  // namespace tenfold::runner
