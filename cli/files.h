// Files as the program reads and writes them: whole, checked, and never half-written.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace tenfold::cli {

/// A regular file mapped for reading.
class FileView {
 public:
  /// Errors: not_found; corrupt when it is no regular file; io when it can't be read.
  static Result<FileView> open(const std::string& path);
  FileView(FileView&& other) noexcept;
  FileView& operator=(FileView&&) = delete;
  ~FileView();
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  FileView(void* data, size_t size) : data_(data), size_(size) {}
  void* data_ = nullptr;
  size_t size_ = 0;
};

/// Writes a neighbour of the file and renames it, so that readers see the old content or the new;
/// a device or a pipe is written to as it is. Errors: io, with the file's name and the system's
/// reason; nothing is left behind then.
Status replace_file(const std::string& path, std::string_view bytes);

/// Text for --json: "-" is standard output.
Status write_text(const std::string& path, const std::string& text);

/// A folder of this process's own under the system's place for temporary files; removed with the
/// object.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make();
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace tenfold::cli
