// What `gather` and those who make its indices agree on.
#pragma once
#include <cstdint>

namespace tenfold::dsl {

/// The longest dimension that is gathered along: float32 tells indices apart up to here.
constexpr int64_t most_indexed = int64_t{1} << 24;

}  // namespace tenfold::dsl
