// Files that are written to the end or reported: every write and close is checked, and the message
// names the file and the system's reason.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace tenfold::codegen {

/// A file being written, buffered by the caller. Removed when it is destroyed without a successful
/// close().
class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Status append(std::string_view bytes);
  Status write_at(int64_t offset_bytes, std::string_view bytes);
  Status close();
  int64_t size_bytes() const { return size_bytes_; }

 private:
  OutputFile(int file, std::string path, bool regular)
      : file_(file), path_(std::move(path)), regular_(regular) {}
  void remove();
  int file_ = -1;
  std::string path_;
  bool regular_ = false;  // a device is written to and never removed
  int64_t size_bytes_ = 0;
};

Status write_file(const std::string& path, std::string_view bytes);
Result<std::string> read_file(const std::string& path);

/// A folder of its own for intermediate files, removed with all that is in it.
class TemporaryFolder {
 public:
  /// In the system's folder for such things.
  static Result<TemporaryFolder> make_for_tools();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// An io error: "cannot <verb> <path>: <strerror>".
Error system_error(const std::string& verb, const std::string& path, int error);

}  // namespace tenfold::codegen
