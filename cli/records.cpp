#include "cli/records.h"

#include <sched.h>

#include <algorithm>
#include <filesystem>

#include "cli/paths.h"

namespace tenfold::cli {

Result<std::unique_ptr<autotune::SqliteDatabase>> open_records(
    const std::vector<std::string>& given) {
  const auto paths = database_paths(given);
  std::error_code failed;  // without a cache folder there are no records of one's own either
  if (given.empty() && (!paths || !std::filesystem::exists((*paths)[0], failed)))
    return std::unique_ptr<autotune::SqliteDatabase>();
  if (!paths) return paths.error();
  return autotune::SqliteDatabase::open({.write = "", .read = *paths});
}

int thread_count(int given) {
  if (given > 0) return given;
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

}  // namespace tenfold::cli
