#include "graph/convert.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <type_traits>

namespace tenfold::graph {
namespace {

int64_t cut(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 9.2233720368547758e18) return std::numeric_limits<int64_t>::max();
  if (value <= -9.2233720368547758e18) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

/// Calls f with the array's elements as a typed span. f16 arrays do not occur: the importer widens
/// them.
template <class F>
void visit(const Array& array, F&& f) {
  switch (array.type()) {
    case DType::f32:
      return f(array.as<float>());
    case DType::f64:
      return f(array.as<double>());
    case DType::i8:
      return f(array.as<int8_t>());
    case DType::u8:
    case DType::boolean:
      return f(array.as<uint8_t>());
    case DType::i32:
      return f(array.as<int32_t>());
    case DType::i64:
      return f(array.as<int64_t>());
    case DType::f16:
      assert(false);
  }
}

template <class T>
T narrow(double value) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(cut(value));
  else
    return static_cast<T>(value);
}

template <class V>
Array from_values(DType type, const Dims& dims, const std::vector<V>& values) {
  Array array(type, dims);
  assert(static_cast<size_t>(array.elements()) == values.size());
  visit(array, [&](auto shown) {
    using T = std::remove_const_t<typename decltype(shown)::element_type>;
    auto out = array.as<T>();
    for (size_t i = 0; i < values.size(); ++i)
      if (type == DType::boolean)
        out[i] = static_cast<T>(values[i] != 0);
      else if constexpr (std::is_integral_v<V>)
        out[i] = static_cast<T>(values[i]);
      else
        out[i] = narrow<T>(values[i]);
  });
  return array;
}

}  // namespace

float half_to_float(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const int exponent = bits >> 10 & 31;
  const uint32_t fraction = bits & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                   : std::ldexp(static_cast<float>(fraction | 1024), exponent - 25);
  return sign ? -size : size;
}

std::vector<double> to_doubles(const Array& array) {
  std::vector<double> values;
  visit(array, [&](auto span) { values.assign(span.begin(), span.end()); });
  return values;
}

std::vector<int64_t> to_ints(const Array& array) {
  std::vector<int64_t> values;
  visit(array, [&](auto span) {
    values.reserve(span.size());
    for (auto value : span)
      if constexpr (std::is_integral_v<decltype(value)>)
        values.push_back(value);
      else
        values.push_back(cut(value));
  });
  return values;
}

Array from_doubles(DType type, const Dims& dims, const std::vector<double>& values) {
  return from_values(type, dims, values);
}

Array from_ints(DType type, const Dims& dims, const std::vector<int64_t>& values) {
  return from_values(type, dims, values);
}

}  // namespace tenfold::graph
