#include "codegen/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace tenfold::codegen {

Error system_error(const std::string& verb, const std::string& path, int error) {
  return {ErrorCode::io, "cannot " + verb + ' ' + path + ": " + std::strerror(error)};
}

Result<OutputFile> OutputFile::create(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return system_error("write", path, errno);
  struct stat info {};
  const bool regular = fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  return OutputFile(file, path, regular);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(other.file_),
      path_(std::move(other.path_)),
      regular_(other.regular_),
      size_bytes_(other.size_bytes_) {
  other.file_ = -1;
}

OutputFile::~OutputFile() {
  if (file_ < 0) return;
  ::close(file_);
  remove();
}

void OutputFile::remove() {
  if (regular_) unlink(path_.c_str());
}

Status OutputFile::append(std::string_view bytes) {
  return write_at(size_bytes_, bytes);
}

Status OutputFile::write_at(int64_t offset_bytes, std::string_view bytes) {
  int64_t at = offset_bytes;
  while (!bytes.empty()) {
    const ssize_t count = pwrite(file_, bytes.data(), bytes.size(), at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return system_error("write", path_, count < 0 ? errno : ENOSPC);
    bytes.remove_prefix(count);
    at += count;
  }
  size_bytes_ = std::max(size_bytes_, at);
  return {};
}

Status OutputFile::close() {
  const int file = file_;
  file_ = -1;
  if (::close(file) == 0) return {};
  const int error = errno;
  remove();
  return system_error("write", path_, error);
}

Status write_file(const std::string& path, std::string_view bytes) {
  TENFOLD_TRY(OutputFile file, OutputFile::create(path));
  TENFOLD_CHECK(file.append(bytes));
  return file.close();
}

Result<std::string> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    const int error = errno;
    Error failure = system_error("read", path, error);
    if (error == ENOENT) failure.code = ErrorCode::not_found;
    return failure;
  }
  struct stat info {};
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(file);
    return Error{ErrorCode::io, "cannot read " + path + ": not a regular file"};
  }
  std::string bytes;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = read(file, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    const int error = errno;
    if (count > 0) bytes.append(buffer, count);
    if (count > 0) continue;
    ::close(file);
    if (count < 0) return system_error("read", path, error);
    return bytes;
  }
}

Result<TemporaryFolder> TemporaryFolder::make_for_tools() {
  std::error_code none;
  const auto base = std::filesystem::temp_directory_path(none);
  std::string path = (none ? std::filesystem::path("/tmp") : base) / "tenfold-XXXXXX";
  if (!mkdtemp(path.data())) return system_error("make", path, errno);
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tenfold::codegen
