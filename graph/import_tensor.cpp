#include "graph/import_tensor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <functional>
#include <new>
#include <optional>

#include "graph/convert.h"
#include "onnx-ml.pb.h"

namespace tenfold::graph {
namespace {

using onnx::TensorProto;

Error malformed(std::string rule) {
  return {ErrorCode::invalid_model, std::move(rule)};
}

struct ElementRow {
  int proto;
  DType type;
  int64_t size;  // in the file
};
constexpr ElementRow elements[] = {
    {TensorProto::FLOAT, DType::f32, 4},    {TensorProto::FLOAT16, DType::f32, 2},
    {TensorProto::BFLOAT16, DType::f32, 2}, {TensorProto::DOUBLE, DType::f64, 8},
    {TensorProto::INT8, DType::i8, 1},      {TensorProto::UINT8, DType::u8, 1},
    {TensorProto::INT16, DType::i32, 2},    {TensorProto::UINT16, DType::i32, 2},
    {TensorProto::INT32, DType::i32, 4},    {TensorProto::UINT32, DType::i64, 4},
    {TensorProto::INT64, DType::i64, 8},    {TensorProto::UINT64, DType::i64, 8},
    {TensorProto::BOOL, DType::boolean, 1},
};

float widen(int proto, uint16_t bits) {
  return proto == TensorProto::FLOAT16 ? half_to_float(bits)
                                       : std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

template <class From, class To, class F>
void convert(const std::byte* from, std::span<To> to, F&& f) {
  for (size_t i = 0; i < to.size(); ++i) {
    From value;
    std::memcpy(&value, from + i * sizeof value, sizeof value);
    to[i] = f(value);
  }
}

/// File bytes to the array's own type.
void unpack(const ElementRow& row, const std::byte* from, Array& to) {
  const auto same = [](auto v) { return v; };
  switch (row.proto) {
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return convert<uint16_t>(from, to.as<float>(),
                               [&](uint16_t bits) { return widen(row.proto, bits); });
    case TensorProto::INT16:
      return convert<int16_t>(from, to.as<int32_t>(), same);
    case TensorProto::UINT16:
      return convert<uint16_t>(from, to.as<int32_t>(), same);
    case TensorProto::UINT32:
      return convert<uint32_t>(from, to.as<int64_t>(), same);
    case TensorProto::BOOL:
      return convert<uint8_t>(from, to.as<uint8_t>(), [](uint8_t v) { return v != 0; });
    default:
      if (to.size_bytes() > 0) std::memcpy(to.bytes(), from, to.size_bytes());
  }
}

/// The typed field that the element type lives in.
Status unpack_fields(const ElementRow& row, const TensorProto& tensor, const Dims& dims,
                     int64_t count, Array& out) {
  const auto take = [&]<class T>(const auto& field, std::type_identity<T>, auto&& f) -> Status {
    if (field.size() != count)
      return malformed("dims " + to_string(dims) + " claim " + std::to_string(count) +
                       " elements, the data has " + std::to_string(field.size()));
    out = Array(row.type, dims);
    std::ranges::transform(field, out.as<T>().begin(), f);
    return {};
  };
  const auto to = []<class T>(std::type_identity<T>) {
    return [](auto v) { return static_cast<T>(v); };
  };
  constexpr std::type_identity<float> f32;
  switch (row.proto) {
    case TensorProto::FLOAT:
      return take(tensor.float_data(), f32, to(f32));
    case TensorProto::DOUBLE:
      return take(tensor.double_data(), std::type_identity<double>{},
                  to(std::type_identity<double>{}));
    case TensorProto::INT64:
      return take(tensor.int64_data(), std::type_identity<int64_t>{},
                  to(std::type_identity<int64_t>{}));
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return take(tensor.uint64_data(), std::type_identity<int64_t>{},
                  to(std::type_identity<int64_t>{}));
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return take(tensor.int32_data(), f32,
                  [&](int32_t bits) { return widen(row.proto, static_cast<uint16_t>(bits)); });
    case TensorProto::BOOL:
      return take(tensor.int32_data(), std::type_identity<uint8_t>{},
                  [](int32_t v) { return static_cast<uint8_t>(v != 0); });
    case TensorProto::INT8:
      return take(tensor.int32_data(), std::type_identity<int8_t>{},
                  to(std::type_identity<int8_t>{}));
    case TensorProto::UINT8:
      return take(tensor.int32_data(), std::type_identity<uint8_t>{},
                  to(std::type_identity<uint8_t>{}));
    default:
      return take(tensor.int32_data(), std::type_identity<int32_t>{},
                  to(std::type_identity<int32_t>{}));
  }
}

struct External {
  std::string location;
  int64_t offset = 0;
  std::optional<int64_t> length;
};

Result<External> external_of(const TensorProto& tensor) {
  External external;
  for (const auto& entry : tensor.external_data()) {
    int64_t number = 0;
    const std::string& text = entry.value();
    if (entry.key() == "location") external.location = text;
    if (entry.key() != "offset" && entry.key() != "length") continue;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0)
      return malformed("external data: " + entry.key() + " is '" + text + "'");
    if (entry.key() == "offset") external.offset = number;
    if (entry.key() == "length") external.length = number;
  }
  const std::string& name = external.location;
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos)
    return malformed("external data: '" + name + "' is no plain file name beside the model");
  return external;
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<Array> read_external(const TensorProto& tensor, ExternalData& files, const ElementRow& row,
                            const Dims& dims, int64_t count) {
  TENFOLD_TRY(const External external, external_of(tensor));
  const std::string path = files.folder() + "/" + external.location,
                    what = "external data '" + external.location + "'";
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return Error{ErrorCode::not_found, what + " is not there"};
  if (!S_ISREG(status.st_mode)) return malformed(what + " is no regular file");
  const File file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.fd() < 0 || fstat(file.fd(), &status) != 0)
    return Error{ErrorCode::io, what + " cannot be read"};
  if (!S_ISREG(status.st_mode)) return malformed(what + " is no regular file");
  const int64_t bytes = count * row.size;  // count is at most 2^40
  if (external.length.value_or(bytes) != bytes)
    return malformed("dims " + to_string(dims) + " need " + std::to_string(bytes) +
                     " bytes, length is " + std::to_string(*external.length));
  if (bytes > status.st_size || external.offset > status.st_size - bytes)
    return malformed(what + " ends before the " + std::to_string(bytes) + " bytes at " +
                     std::to_string(external.offset));
  if (!files.take(external.location, bytes, status.st_size))
    return malformed(what + " of " + std::to_string(status.st_size) +
                     " bytes is read more than four times over");
  if (bytes > static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE))
    return Error{ErrorCode::io, what + ": this machine has no memory for " + std::to_string(bytes) +
                                    " bytes of it"};
  const bool as_it_is = row.size == size_bytes(row.type) && row.type != DType::boolean;
  Array raw = as_it_is ? Array(row.type, dims) : Array(DType::u8, {bytes});
  for (int64_t done = 0; done < bytes;) {
    const ssize_t got = pread(file.fd(), raw.bytes() + done, bytes - done, external.offset + done);
    if (got <= 0) return Error{ErrorCode::io, what + " cannot be read"};
    done += got;
  }
  if (as_it_is) return raw;
  Array out(row.type, dims);
  unpack(row, raw.bytes(), out);
  return out;
}

Result<Array> read_present(const TensorProto& tensor, ExternalData& external) {
  const Dims dims(tensor.dims().begin(), tensor.dims().end());
  if (dims.size() > 32) return malformed("rank " + std::to_string(dims.size()));
  const Result<int64_t> count = volume(dims);
  if (!count) return malformed(count.error().message);
  const auto row = std::ranges::find(elements, tensor.data_type(), &ElementRow::proto);
  if (row == std::end(elements)) {
    const auto type = static_cast<onnx::TensorProto_DataType>(tensor.data_type());
    return Error{ErrorCode::unsupported,
                 "element type " + (onnx::TensorProto_DataType_IsValid(type)
                                        ? onnx::TensorProto_DataType_Name(type)
                                        : std::to_string(type))};
  }
  if (tensor.has_segment()) return Error{ErrorCode::unsupported, "a tensor in segments"};
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return read_external(tensor, external, *row, dims, *count);
  if (!tensor.has_raw_data()) {
    Array out;
    TENFOLD_CHECK(unpack_fields(*row, tensor, dims, *count, out));
    return out;
  }
  const auto bytes = static_cast<int64_t>(tensor.raw_data().size());
  if (bytes != *count * row->size)
    return malformed("dims " + to_string(dims) + " claim " + std::to_string(*count * row->size) +
                     " bytes, the data has " + std::to_string(bytes));
  Array out(row->type, dims);
  unpack(*row, reinterpret_cast<const std::byte*>(tensor.raw_data().data()), out);
  return out;
}

}  // namespace

ExternalData::ExternalData(const std::string& model_path) {
  const size_t slash = model_path.rfind('/');
  folder_ = slash == std::string::npos ? "." : slash == 0 ? "/" : model_path.substr(0, slash);
}

bool ExternalData::take(const std::string& name, int64_t bytes, int64_t file_bytes) {
  constexpr int64_t small = int64_t{64} << 20;
  int64_t& taken = taken_bytes_[name];
  taken += bytes;  // at most 2^43 each, and no file has more than 2^63
  return taken - small <= file_bytes || (taken - small) / 4 <= file_bytes;
}

Result<Array> read_tensor(const TensorProto& tensor, ExternalData& external) {
  try {
    return read_present(tensor, external);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::io, "there is no memory for its data"};
  }
}

}  // namespace tenfold::graph
