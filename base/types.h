// Element types, dimensions, arrays: the vocabulary of every folder.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tenfold {

enum class DType { f32, f16, f64, i8, u8, i32, i64, boolean };

const char* to_string(DType type);
Result<DType> parse_dtype(std::string_view text);
int64_t size_bytes(DType type);

/// Extents, outermost first, in the order that the owner states (a model's NCHW, a kernel's NHWC).
using Dims = std::vector<int64_t>;

std::string to_string(const Dims& dims);  // "1x3x224x224"

/// Product of the extents. Errors: invalid_shape when one is negative or the product exceeds 2^40.
Result<int64_t> volume(const Dims& dims);

/// Row-major strides in elements: the last dimension has stride 1.
Dims dense_strides(const Dims& dims);

/// A dense row-major array that owns its bytes. The bytes are 64-byte aligned.
class Array {
 public:
  Array() = default;
  /// Zero-filled. Precondition: volume(dims) is valid.
  Array(DType type, Dims dims);

  DType type() const { return type_; }
  const Dims& dims() const { return dims_; }
  int64_t elements() const { return elements_; }
  int64_t size_bytes() const { return elements_ * tenfold::size_bytes(type_); }
  std::byte* bytes() { return bytes_.get(); }
  const std::byte* bytes() const { return bytes_.get(); }

  /// Precondition: T is the C++ type of type().
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes_.get()), static_cast<size_t>(elements_)};
  }
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes_.get()), static_cast<size_t>(elements_)};
  }

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  DType type_ = DType::f32;
  Dims dims_;
  int64_t elements_ = 0;
  std::unique_ptr<std::byte[], Free> bytes_;
};

}  // namespace tenfold
