#include "autotune/work_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace tenfold::autotune {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "tenfold-run-";
constexpr const char* lock_name = "lock";
constexpr auto grace = std::chrono::minutes(1);  // a folder this young may be about to be locked

/// Opens a folder's lock file and takes the lock, or returns -1: somebody else holds it.
int take_lock(const fs::path& folder, int flags) {
  const int lock =
      open((folder / lock_name).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
  if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  close(lock);
  return -1;
}

/// Folders of this user's whose owners were killed.
void remove_abandoned(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (!entry->path().filename().string().starts_with(prefix) || entry->is_symlink(ignored))
      continue;
    if (fs::file_time_type::clock::now() - entry->last_write_time(ignored) < grace) continue;
    const int lock = take_lock(entry->path(), 0);
    if (lock < 0) continue;
    fs::remove_all(entry->path(), ignored);
    close(lock);
  }
}

}  // namespace

Result<std::unique_ptr<WorkFolder>> WorkFolder::make(const std::string& parent) {
  std::error_code error;
  const fs::path folder = parent.empty() ? fs::temp_directory_path(error) : fs::path(parent);
  if (error) return Error{ErrorCode::io, "no folder for temporary files: " + error.message()};
  fs::create_directories(folder, error);
  if (error) return Error{ErrorCode::io, folder.string() + ": can't be made: " + error.message()};
  remove_abandoned(folder);
  std::string pattern = (folder / (std::string(prefix) + "XXXXXX")).string();
  if (!mkdtemp(pattern.data()))
    return Error{ErrorCode::io, pattern + ": can't be made: " + std::strerror(errno)};
  const int lock = take_lock(pattern, O_CREAT);
  if (lock < 0) {
    const int reason = errno;
    fs::remove_all(pattern, error);
    return Error{ErrorCode::io, pattern + ": can't be locked: " + std::strerror(reason)};
  }
  return std::unique_ptr<WorkFolder>(new WorkFolder(std::move(pattern), lock));
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  close(lock_);
}

}  // namespace tenfold::autotune
