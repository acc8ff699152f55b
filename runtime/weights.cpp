#include "runtime/weights.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/hash.h"

namespace tenfold::runtime {
namespace {

constexpr int64_t page_bytes = 4096;

// Above this a core's second-level TLB (2048 entries on Intel's since Ice Lake, and on Zen 3)
// cannot hold the small pages of all weights, which each run reads once.
constexpr int64_t least_copied_bytes = int64_t{8} << 20;

class File {
 public:
  explicit File(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Failure check_all(const File& file, const std::string& path, size_t size_bytes, const char* hash) {
  void* all = mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (all == MAP_FAILED)
    return fail(TENFOLD_IO, "can't map '" + path + "': " + std::strerror(errno));
  constexpr size_t skip = sizeof(tenfold_weights_header);
  const std::string found = content_hash({static_cast<const char*>(all) + skip, size_bytes - skip});
  munmap(all, size_bytes);
  if (found != hash)
    return fail(TENFOLD_CORRUPT, "'" + path + "' is damaged: its content does not match its hash");
  return success();
}

/// Whether the system gives huge pages to those who ask.
bool has_huge_pages() {
  const File setting("/sys/kernel/mm/transparent_hugepage/enabled");
  char text[64];
  const ssize_t count =
      setting.descriptor() < 0 ? 0 : read(setting.descriptor(), text, sizeof text);
  const std::string_view found(text, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return found.find("[always]") != found.npos || found.find("[madvise]") != found.npos;
}

/// The section in pages of the process's own; no data where the system has no memory for them.
Failure copy_section(const File& file, const std::string& path, int64_t offset, int64_t size,
                     Pages& copy) {
  Pages pages(static_cast<size_t>(size));
  if (!pages.data()) return success();
  for (int64_t done = 0; done < size;) {
    const ssize_t count =
        pread(file.descriptor(), pages.data() + done, static_cast<size_t>(size - done),
              static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(TENFOLD_IO, "can't read '" + path + "': " + std::strerror(errno));
    if (count == 0) return fail(TENFOLD_CORRUPT, "'" + path + "' became shorter while it was read");
    done += count;
  }
  if (!pages.make_read_only()) return success();
  copy = std::move(pages);
  return success();
}

}  // namespace

Weights::~Weights() {
  if (data_ && !copy_.data()) munmap(const_cast<std::byte*>(data_), size_bytes_);
}

Failure Weights::load(const std::string& path, const tenfold_library& library,
                      const tenfold_variant& variant, const WeightsOptions& options,
                      Weights& weights) {
  const File file(path);
  if (file.descriptor() < 0)
    return fail(errno == ENOENT || errno == ENOTDIR ? TENFOLD_NOT_FOUND : TENFOLD_IO,
                "can't open the weights '" + path + "': " + std::strerror(errno));
  struct stat info;
  if (fstat(file.descriptor(), &info) != 0 || !S_ISREG(info.st_mode))
    return fail(TENFOLD_CORRUPT, "the weights '" + path + "' are not a file");
  if (info.st_size != library.weights_size_bytes)
    return fail(TENFOLD_CORRUPT, "the weights '" + path + "' have " + std::to_string(info.st_size) +
                                     " bytes, and " + library.name + " was written with " +
                                     std::to_string(library.weights_size_bytes));
  tenfold_weights_header header;
  if (pread(file.descriptor(), &header, sizeof header, 0) != sizeof header ||
      std::memcmp(header.magic, TENFOLD_WEIGHTS_MAGIC, sizeof header.magic) != 0)
    return fail(TENFOLD_CORRUPT, "'" + path + "' is not a weights file");
  if (header.size_bytes != library.weights_size_bytes ||
      std::string_view(header.hash, sizeof header.hash) != library.weights_hash)
    return fail(TENFOLD_CORRUPT,
                "the weights '" + path + "' belong to another build of " + library.name);

  const int64_t offset = variant.weights_offset_bytes, size = variant.weights_size_bytes;
  if (offset % page_bytes != 0 || offset < 0 || size < 0 || offset > info.st_size ||
      size > info.st_size - offset)
    return fail(TENFOLD_CORRUPT, std::string(library.name) + ": the section of weights of " +
                                     variant.target + " lies outside of its file");
  if (options.hash_all)
    TENFOLD_RETURN_FAILURE(
        check_all(file, path, static_cast<size_t>(info.st_size), library.weights_hash));
  if (size == 0) return success();
  if (options.copy && size >= least_copied_bytes && has_huge_pages()) {
    TENFOLD_RETURN_FAILURE(copy_section(file, path, offset, size, weights.copy_));
    weights.data_ = weights.copy_.data();
    weights.size_bytes_ = weights.data_ ? static_cast<size_t>(size) : 0;
    if (weights.data_) return success();
  }
  void* section = mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_PRIVATE | MAP_POPULATE,
                       file.descriptor(), static_cast<off_t>(offset));
  if (section == MAP_FAILED)
    return fail(TENFOLD_IO, "can't map '" + path + "': " + std::strerror(errno));
  weights.data_ = static_cast<const std::byte*>(section);
  weights.size_bytes_ = static_cast<size_t>(size);
  return success();
}

}  // namespace tenfold::runtime
