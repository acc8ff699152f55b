// Values of any element type as doubles or integers and back.
#pragma once
#include <cstdint>
#include <vector>

#include "base/types.h"

namespace tenfold::graph {

float half_to_float(uint16_t bits);

inline bool is_integer(DType type) {
  return type == DType::i8 || type == DType::u8 || type == DType::i32 || type == DType::i64 ||
         type == DType::boolean;
}

std::vector<double> to_doubles(const Array& array);

/// Floats are cut towards zero and clamped to int64's range; NaN is 0.
std::vector<int64_t> to_ints(const Array& array);

/// Precondition: the count is the volume of dims. Integers wrap to the type's width; booleans are
/// value != 0.
Array from_doubles(DType type, const Dims& dims, const std::vector<double>& values);
Array from_ints(DType type, const Dims& dims, const std::vector<int64_t>& values);

}  // namespace tenfold::graph
