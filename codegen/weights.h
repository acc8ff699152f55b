// NAME.weights: the packed constants of a library, read in place by the runtime.
// docs/file-formats.md has the layout.
#pragma once
#include <map>
#include <string>

#include "base/hash.h"
#include "base/packing.h"
#include "codegen/file.h"

namespace tenfold::codegen {

/// Writes the file from front to back, one constant in memory at a time.
class WeightsWriter {
 public:
  /// The file is removed again unless finish() succeeds.
  static Result<WeightsWriter> create(const std::string& path);

  /// Starts the next variant's section on a page of its own.
  Status begin_section();

  /// Packs a constant and appends it at a multiple of 64 bytes; one that the section holds already
  /// is not stored twice. Returns the offset within the section. Errors: invalid_shape from the
  /// packing, io.
  Result<int64_t> add(const Array& values, const Packing& packing);

  /// Ends the section: at least 64 zero bytes follow the last constant, since kernels may read a
  /// vector past its end.
  Status end_section();
  int64_t section_offset_bytes() const { return section_; }
  int64_t section_size_bytes() const { return file_.size_bytes() - section_; }

  /// Writes the header. Returns the hash of all that follows it.
  Result<std::string> finish();
  int64_t size_bytes() const { return file_.size_bytes(); }

 private:
  explicit WeightsWriter(OutputFile file) : file_(std::move(file)) {}
  Status append(std::string_view bytes);
  Status align(int64_t multiple);

  OutputFile file_;
  ContentHasher hasher_;
  int64_t section_ = 0;
  std::map<std::string, int64_t> stored_;  // by content hash, in this section
  std::map<std::pair<const Array*, Packing>, int64_t>
      packed_already_;  // the same by where it came from
};

}  // namespace tenfold::codegen
