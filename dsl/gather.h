// What `gather`, reductions to a place and those who make them agree on.
#pragma once
#include <cstdint>

namespace tenfold::dsl {

/// The longest dimension that is gathered along, or a place found in: float32 tells indices apart
/// up to here.
constexpr int64_t most_indexed = int64_t{1} << 24;

}  // namespace tenfold::dsl
