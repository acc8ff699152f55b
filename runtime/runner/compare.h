// Comparing what a kernel has left with what it should have.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tenfold::runner {

/// Whether `count` float32 elements are as they should be: |got - want| <= absolute + relative *
/// |want|, or, where `expected` is untouched_bits, the very bits of `initial` (null:
/// untouched_bits). In float, which never passes a NaN and is off by a rounding at most.
bool all_match(const uint32_t* got, const uint32_t* expected, const uint32_t* initial, size_t count,
               float absolute, float relative);

}  // namespace tenfold::runner
