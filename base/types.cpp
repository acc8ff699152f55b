#include "base/types.h"

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

namespace tenfold {
namespace {

struct DTypeRow {
  DType type;
  const char* name;
  int64_t size;
};
constexpr DTypeRow dtype_rows[] = {
    {DType::f32, "f32", 4}, {DType::f16, "f16", 2}, {DType::f64, "f64", 8}, {DType::i8, "i8", 1},
    {DType::u8, "u8", 1},   {DType::i32, "i32", 4}, {DType::i64, "i64", 8}, {DType::boolean, "bool", 1},
};

const DTypeRow& row_of(DType type) { return dtype_rows[static_cast<int>(type)]; }

}  // namespace

const char* to_string(DType type) { return row_of(type).name; }
int64_t size_bytes(DType type) { return row_of(type).size; }

Result<DType> parse_dtype(std::string_view text) {
  for (const DTypeRow& row : dtype_rows)
    if (text == row.name) return row.type;
  return Error{ErrorCode::invalid_argument, "unknown element type '" + std::string(text) + "'"};
}

std::string to_string(const Dims& dims) {
  std::string text;
  for (int64_t extent : dims) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text.empty() ? "scalar" : text;
}

Result<int64_t> volume(const Dims& dims) {
  constexpr int64_t limit = int64_t{1} << 40;
  int64_t product = 1;
  bool empty = false;
  for (int64_t extent : dims) {
    if (extent < 0)
      return Error{ErrorCode::invalid_shape, "negative extent in shape " + to_string(dims)};
    if (extent == 0) empty = true;
    if (extent > 0 && product > limit / extent)
      return Error{ErrorCode::invalid_shape, "shape " + to_string(dims) + " has over 2^40 elements"};
    if (extent > 0) product *= extent;
  }
  return empty ? 0 : product;
}

Dims dense_strides(const Dims& dims) {
  Dims strides(dims.size());
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return strides;
}

void Array::Free::operator()(std::byte* bytes) const { std::free(bytes); }

Array::Array(DType type, Dims dims) : type_(type), dims_(std::move(dims)) {
  elements_ = volume(dims_).value();
  const size_t bytes = static_cast<size_t>(size_bytes() + 63) / 64 * 64;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, bytes ? bytes : 64));
  if (!memory) throw std::bad_alloc();
  std::memset(memory, 0, bytes);
  bytes_.reset(memory);
}

}  // namespace tenfold
