#include "cli/npy.h"

#include <charconv>
#include <cstring>
#include <optional>

#include "cli/files.h"

namespace tenfold::cli {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr size_t max_header_bytes = 4096;
constexpr size_t max_rank = 16;

struct TypeName {
  std::string_view text;
  DType type;
};
constexpr TypeName type_names[] = {{"<f4", DType::f32}, {"<f2", DType::f16},    {"<f8", DType::f64},
                                   {"|i1", DType::i8},  {"|u1", DType::u8},     {"<i4", DType::i32},
                                   {"<i8", DType::i64}, {"|b1", DType::boolean}};

Error error(ErrorCode code, const std::string& path, const std::string& rule) {
  return {code, path + ": " + rule};
}

/// The text behind 'key': in a header, with leading blanks removed; empty when the key is absent.
std::string_view value_of(std::string_view header, std::string_view key) {
  const size_t at = header.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size());
  const size_t colon = rest.find_first_not_of(' ');
  if (colon == std::string_view::npos || rest[colon] != ':') return {};
  rest.remove_prefix(colon + 1);
  const size_t start = rest.find_first_not_of(' ');
  return start == std::string_view::npos ? std::string_view{} : rest.substr(start);
}

std::optional<Dims> parse_shape(std::string_view text) {
  if (text.empty() || text[0] != '(') return std::nullopt;
  const size_t close = text.find(')');
  if (close == std::string_view::npos) return std::nullopt;
  Dims dims;
  const char* at = text.data() + 1;
  const char* const end = text.data() + close;
  while (true) {
    while (at != end && *at == ' ') ++at;
    if (at == end) return dims;
    int64_t extent = -1;
    const auto [after, status] = std::from_chars(at, end, extent);
    if (status != std::errc() || extent < 0 || dims.size() == max_rank) return std::nullopt;
    dims.push_back(extent);
    at = after;
    while (at != end && *at == ' ') ++at;
    if (at != end && *at++ != ',') return std::nullopt;
  }
}

struct Header {
  DType type = DType::f32;
  Dims dims;
  size_t data_at = 0;
};

Result<Header> parse_header(const std::string& path, std::string_view file) {
  if (file.size() < 10 || !file.starts_with(magic))
    return error(ErrorCode::corrupt, path, "not a .npy file");
  const auto byte = [&](size_t at) {
    return static_cast<size_t>(static_cast<unsigned char>(file[at]));
  };
  const size_t version = byte(6);
  if (version < 1 || version > 3)
    return error(ErrorCode::unsupported, path, "unknown version of the .npy format");
  const size_t prefix = version == 1 ? 10 : 12;
  if (file.size() < prefix) return error(ErrorCode::corrupt, path, "the .npy header is cut off");
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > max_header_bytes || file.size() < prefix + length)
    return error(ErrorCode::corrupt, path, "the .npy header is longer than the file");

  const std::string_view text = file.substr(prefix, length);
  const std::string_view type_text = value_of(text, "'descr'");
  const std::string_view order = value_of(text, "'fortran_order'");
  const auto dims = parse_shape(value_of(text, "'shape'"));
  if (type_text.size() < 5 || !dims || order.empty())
    return error(ErrorCode::corrupt, path, "the .npy header lacks descr, fortran_order or shape");
  if (!order.starts_with("False"))
    return error(ErrorCode::unsupported, path,
                 "column-major arrays are not read: save it with order C");
  for (const TypeName& row : type_names)
    if (type_text.substr(1, 3) == row.text && type_text[4] == type_text[0])
      return Header{row.type, *dims, prefix + length};
  return error(ErrorCode::unsupported, path,
               "element type " + std::string(type_text.substr(0, 6)) +
                   " is not read; known: <f4 <f2 <f8 |i1 |u1 <i4 <i8 |b1");
}

}  // namespace

Result<Array> read_npy(const std::string& path) {
  TENFOLD_TRY(const FileView file, FileView::open(path));
  TENFOLD_TRY(const Header header, parse_header(path, file.bytes()));
  const Result<int64_t> elements = volume(header.dims);
  if (!elements) return error(ErrorCode::corrupt, path, elements.error().message);
  const int64_t claimed = *elements * size_bytes(header.type);
  const int64_t present = static_cast<int64_t>(file.bytes().size() - header.data_at);
  if (claimed != present)
    return error(ErrorCode::corrupt, path,
                 "the shape " + to_string(header.dims) + " takes " + std::to_string(claimed) +
                     " bytes, but the file holds " + std::to_string(present));
  Array array(header.type, header.dims);
  if (claimed > 0)
    std::memcpy(array.bytes(), file.bytes().data() + header.data_at, static_cast<size_t>(claimed));
  return array;
}

Status write_npy(const std::string& path, const Array& array) {
  std::string_view type_text;
  for (const TypeName& row : type_names)
    if (row.type == array.type()) type_text = row.text;
  std::string shape;
  for (const int64_t extent : array.dims()) shape += std::to_string(extent) + ",";
  std::string header = "{'descr': '" + std::string(type_text) +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';

  std::string file(magic);
  file +=
      {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  file += header;
  file.append(reinterpret_cast<const char*>(array.bytes()),
              static_cast<size_t>(array.size_bytes()));
  return replace_file(path, file);
}

}  // namespace tenfold::cli
