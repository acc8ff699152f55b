#include "cli/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace tenfold::cli {
namespace {

Error system_error(const std::string& path, const char* what) {
  const int reason = errno;
  return {reason == ENOENT ? ErrorCode::not_found : ErrorCode::io,
          path + ": " + what + ": " + std::strerror(reason)};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Status write_into(const std::string& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return Error{ErrorCode::io, system_error(path, "can't be written").message};
  const bool written = write_all(file, bytes);
  const Error error{ErrorCode::io, system_error(path, "can't be written").message};
  ::close(file);
  return written ? Status{} : error;
}

}  // namespace

Result<FileView> FileView::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return system_error(path, "can't be read");
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(file);
    return Error{ErrorCode::corrupt, path + ": not a regular file"};
  }
  const size_t size = static_cast<size_t>(info.st_size);
  void* data = size == 0 ? nullptr : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const bool mapped = data != MAP_FAILED;
  Error error = mapped ? Error{} : system_error(path, "can't be mapped");
  ::close(file);
  if (!mapped) return error;
  return FileView(data, size);
}

FileView::FileView(FileView&& other) noexcept : data_(other.data_), size_(other.size_) {
  other.data_ = nullptr;
  other.size_ = 0;
}

FileView::~FileView() {
  if (data_) ::munmap(data_, size_);
}

Status replace_file(const std::string& path, std::string_view bytes) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
    return write_into(path, bytes);  // a device or a pipe stays what it is
  const std::string neighbour = path + "." + std::to_string(::getpid()) + ".tmp";
  const int file = ::open(neighbour.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return Error{ErrorCode::io, system_error(path, "can't be written").message};
  const bool written = write_all(file, bytes);
  const int reason = errno;
  const bool closed = ::close(file) == 0;
  if (!written) errno = reason;
  if (written && closed && std::rename(neighbour.c_str(), path.c_str()) == 0) return {};
  Error error{ErrorCode::io, system_error(path, "can't be written").message};
  ::unlink(neighbour.c_str());
  return error;
}

Status write_text(const std::string& path, const std::string& text) {
  if (path != "-") return replace_file(path, text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return Error{ErrorCode::io, std::string("standard output: ") + std::strerror(errno)};
  return {};
}

Result<ScratchFolder> ScratchFolder::make() {
  std::error_code failed;
  std::string path = (std::filesystem::temp_directory_path(failed) / "tenfold-XXXXXX").string();
  if (failed) return Error{ErrorCode::io, "no folder for temporary files: " + failed.message()};
  const std::string pattern = path;
  if (!::mkdtemp(path.data()))  // which may empty the pattern
    return Error{ErrorCode::io, system_error(pattern, "can't be made").message};
  return ScratchFolder(path);
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) {
  other.path_.clear();
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace tenfold::cli
