#include "cli/paths.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace tenfold::cli {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

fs::path program_folder() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  return failed ? fs::path() : program.parent_path();
}

bool is_there(const fs::path& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

}  // namespace

Result<std::string> cache_folder() {
  const std::string base = environment("XDG_CACHE_HOME"), home = environment("HOME");
  fs::path folder;
  if (!base.empty()) {
    folder = fs::path(base) / "tenfold";
  } else if (!home.empty()) {
    folder = fs::path(home) / ".cache" / "tenfold";
  } else {
    folder = fs::path("/var/tmp") / ("tenfold-" + std::to_string(::getuid()));
  }
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return Error{ErrorCode::io, folder.string() + ": can't be made: " + failed.message()};
  return folder.string();
}

Result<std::vector<std::string>> database_paths(const std::vector<std::string>& given) {
  if (!given.empty()) return given;
  TENFOLD_TRY(const std::string folder, cache_folder());
  return std::vector<std::string>{folder + "/records.sqlite"};
}

Result<std::string> sibling_program(const std::string& name) {
  const fs::path folder = program_folder();
  for (const fs::path& candidate :
       {folder / name, folder.parent_path() / "libexec" / "tenfold" / name})
    if (is_there(candidate)) return candidate.string();
  return Error{ErrorCode::not_found, name + ": not found beside " + folder.string() + "/tenfold"};
}

Result<std::string> peer_python(const std::string& peer) {
  const std::string chosen = environment("TENFOLD_PYTHON");
  if (!chosen.empty()) return chosen;
  const fs::path python = fs::path(TENFOLD_SOURCE_DIR) / ".deps" /
                          (peer == "mnn" ? "venv-mnn" : "venv") / "bin" / "python";
  if (is_there(python)) return python.string();
  return Error{ErrorCode::unavailable,
               peer + " needs " + python.string() +
                   ", which is not there: run scripts/setup, or set TENFOLD_PYTHON"};
}

Result<std::string> data_path(const std::string& in_source, const std::string& installed) {
  for (const fs::path& path : {fs::path(TENFOLD_SOURCE_DIR) / in_source,
                               program_folder().parent_path() / "share" / "tenfold" / installed})
    if (is_there(path)) return path.string();
  return Error{ErrorCode::unavailable, installed + ": not installed"};
}

}  // namespace tenfold::cli
