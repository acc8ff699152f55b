#include "runtime/elf_check.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace tenfold::runtime {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half this_machine = EM_AARCH64;
#endif

Failure check(int file, const std::string& path) {
  struct stat info;
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
    return fail(TENFOLD_CORRUPT, "'" + path + "' is not a file");
  Elf64_Ehdr header;
  if (pread(file, &header, sizeof header, 0) != sizeof header ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_DYN)
    return fail(TENFOLD_CORRUPT, "'" + path + "' is not a shared library");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != this_machine)
    return fail(TENFOLD_UNAVAILABLE, "'" + path + "' is a library for another kind of machine");

  const auto size = static_cast<uint64_t>(info.st_size);
  const uint64_t table_bytes = uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  const Failure truncated = fail(TENFOLD_CORRUPT, "'" + path + "' is truncated");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > size ||
      table_bytes > size - header.e_phoff)
    return truncated;
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (pread(file, segments.data(), table_bytes, static_cast<off_t>(header.e_phoff)) !=
      static_cast<ssize_t>(table_bytes))
    return truncated;
  for (const Elf64_Phdr& segment : segments)
    if (segment.p_type == PT_LOAD &&
        (segment.p_offset > size || segment.p_filesz > size - segment.p_offset))
      return truncated;
  return success();
}

}  // namespace

Failure check_shared_library(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return fail(errno == ENOENT || errno == ENOTDIR ? TENFOLD_NOT_FOUND : TENFOLD_IO,
                "'" + path + "': " + std::strerror(errno));
  Failure failure = check(file, path);
  close(file);
  return failure;
}

}  // namespace tenfold::runtime
