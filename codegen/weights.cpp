#include "codegen/weights.h"

#include <cstring>

#include "tenfold/abi.h"

namespace tenfold::codegen {
namespace {

constexpr int64_t page_bytes = 4096;
constexpr int64_t entry_alignment = 64;
constexpr int64_t readable_past_end = 64;

std::string_view bytes_of(const Array& array) {
  return {reinterpret_cast<const char*>(array.bytes()), static_cast<size_t>(array.size_bytes())};
}

}  // namespace

Result<WeightsWriter> WeightsWriter::create(const std::string& path) {
  TENFOLD_TRY(OutputFile file, OutputFile::create(path));
  TENFOLD_CHECK(file.append(std::string(sizeof(tenfold_weights_header), '\0')));
  return WeightsWriter(std::move(file));
}

Status WeightsWriter::append(std::string_view bytes) {
  hasher_.update(bytes);
  return file_.append(bytes);
}

Status WeightsWriter::align(int64_t multiple) {
  const int64_t beyond = file_.size_bytes() % multiple;
  return beyond == 0 ? Status() : append(std::string(multiple - beyond, '\0'));
}

Status WeightsWriter::begin_section() {
  TENFOLD_CHECK(align(page_bytes));
  section_ = file_.size_bytes();
  stored_.clear();
  packed_already_.clear();
  return {};
}

Result<int64_t> WeightsWriter::add(const Array& values, const Packing& packing) {
  const auto known = packed_already_.find({&values, packing});
  if (known != packed_already_.end()) return known->second;
  TENFOLD_TRY(const Array packed, pack(packing, values.as<float>()));
  const auto [entry, fresh] = stored_.try_emplace(content_hash(bytes_of(packed)), 0);
  if (fresh) {
    TENFOLD_CHECK(align(entry_alignment));
    entry->second = file_.size_bytes() - section_;
    TENFOLD_CHECK(append(bytes_of(packed)));
  }
  packed_already_[{&values, packing}] = entry->second;
  return entry->second;
}

Status WeightsWriter::end_section() {
  TENFOLD_CHECK(append(std::string(readable_past_end, '\0')));
  return align(page_bytes);
}

Result<std::string> WeightsWriter::finish() {
  const std::string hash = hasher_.digest();
  tenfold_weights_header header{};
  std::memcpy(header.magic, TENFOLD_WEIGHTS_MAGIC, sizeof header.magic);
  header.size_bytes = file_.size_bytes();
  std::memcpy(header.hash, hash.data(), sizeof header.hash);
  TENFOLD_CHECK(file_.write_at(0, {reinterpret_cast<const char*>(&header), sizeof header}));
  TENFOLD_CHECK(file_.close());
  return hash;
}

}  // namespace tenfold::codegen
