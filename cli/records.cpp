#include "cli/records.h"

#include <sched.h>

#include <algorithm>
#include <filesystem>

#include "cli/paths.h"

namespace tenfold::cli {

Result<std::unique_ptr<autotune::SqliteDatabase>> open_records(
    const std::vector<std::string>& given) {
  const auto paths = database_paths(given);
  if (!paths) return paths.error();
  std::error_code failed;
  if (given.empty() && !std::filesystem::exists((*paths)[0], failed))
    return std::unique_ptr<autotune::SqliteDatabase>();
  return autotune::SqliteDatabase::open({.write = "", .read = *paths});
}

int thread_count(int given) {
  if (given > 0) return given;
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

}  // namespace tenfold::cli
