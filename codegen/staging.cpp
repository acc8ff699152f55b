#include "codegen/staging.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "codegen/file.h"

namespace tenfold::codegen {
namespace {

namespace fs = std::filesystem;

// Removes <prefix><pid> in `parent` where that process is gone.
void remove_stale(const fs::path& parent, const std::string& prefix) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(parent, none)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    int pid = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), end, pid);
    if (parsed.ec != std::errc() || parsed.ptr != end || pid <= 0) continue;
    if (kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), none);
  }
}

Status make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return {};
  return system_error("make folder", path, errno);
}

// Whether emission makes a file of this name for a library `name`.
bool is_library_file(const std::string& name, const std::string& file) {
  const std::string known[] = {"lib" + name + ".a", "lib" + name + ".so",
                               name + ".h",         name + ".pc",
                               name + ".weights",   "cmake/" + name + "Config.cmake",
                               "tenfold/abi.h",     "manifest.json"};
  return std::find(std::begin(known), std::end(known), file) != std::end(known);
}

// The files of the library that a folder holds, by its manifest; none when it holds none. A
// manifest.json may be another program's, and may say anything.
Result<std::vector<std::string>> listed_files(const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  const auto text = read_file(path);
  if (!text && text.error().code == ErrorCode::not_found) return std::vector<std::string>{};
  if (!text) return text.error();
  const auto manifest = nlohmann::json::parse(*text, nullptr, false);
  const auto has = [&](const char* key, bool (nlohmann::json::*is)() const noexcept) {
    return manifest.is_object() && manifest.contains(key) && (manifest[key].*is)();
  };
  if (!has("files", &nlohmann::json::is_array) || !has("name", &nlohmann::json::is_string) ||
      !has("abi_version", &nlohmann::json::is_number_integer) ||
      manifest["name"].get<std::string>().find('/') != std::string::npos)
    return Error{ErrorCode::io,
                 "cannot write " + path + ": it is there, and no library's manifest"};
  const std::string name = manifest["name"];
  std::vector<std::string> files;
  for (const auto& file : manifest["files"])
    if (file.is_string() && is_library_file(name, file)) files.push_back(file);
  return files;
}

}  // namespace

Result<Staging> Staging::begin(const std::string& folder) {
  if (folder.empty()) return Error{ErrorCode::invalid_argument, "the output folder has no name"};
  std::error_code error;
  fs::path target = fs::absolute(folder, error).lexically_normal();
  if (error) return Error{ErrorCode::io, "cannot find " + folder + ": " + error.message()};
  if (!target.has_filename()) target = target.parent_path();
  const std::string pid = std::to_string(getpid());
  Staging staging;
  staging.folder_ = target;
  staging.fresh_ = !fs::exists(fs::symlink_status(target, error));
  if (staging.fresh_) {
    std::vector<fs::path> missing;
    for (fs::path parent = target.parent_path(); !fs::exists(parent, error);
         parent = parent.parent_path())
      missing.push_back(parent);
    for (auto parent = missing.rbegin(); parent != missing.rend(); ++parent) {
      TENFOLD_CHECK(make_folder(*parent));
      staging.made_parents_.push_back(*parent);
    }
    const std::string prefix = target.filename().string() + ".tmp-";
    remove_stale(target.parent_path(), prefix);
    staging.root_ = target.parent_path() / (prefix + pid);
  } else {
    TENFOLD_CHECK(listed_files(target));
    remove_stale(target, ".tenfold-");
    staging.root_ = target / (".tenfold-" + pid);
  }
  if (mkdir(staging.root_.c_str(), 0777) != 0 && errno != EEXIST)
    return system_error("write into", staging.folder_, errno);
  staging.files_ = staging.root_ + "/files";
  staging.work_ = staging.root_ + "/work";
  TENFOLD_CHECK(make_folder(staging.files_));
  TENFOLD_CHECK(make_folder(staging.work_));
  return staging;
}

Staging::Staging(Staging&& other) noexcept
    : folder_(std::move(other.folder_)),
      root_(std::move(other.root_)),
      files_(std::move(other.files_)),
      work_(std::move(other.work_)),
      made_parents_(std::move(other.made_parents_)),
      fresh_(other.fresh_) {
  other.root_.clear();
  other.made_parents_.clear();
}

Staging::~Staging() {
  std::error_code ignored;
  if (!root_.empty()) fs::remove_all(root_, ignored);
  for (auto parent = made_parents_.rbegin(); parent != made_parents_.rend(); ++parent)
    if (rmdir(parent->c_str()) != 0) break;  // not empty: it is in use
}

Status Staging::install(const std::vector<std::string>& names) {
  if (fresh_) {
    if (rename(files_.c_str(), folder_.c_str()) == 0) return {};
    if (errno != ENOTEMPTY && errno != EEXIST) return system_error("make", folder_, errno);
  }
  return replace(names);
}

// One file after the other, each by a rename; what it replaces waits in the staging folder until
// all have succeeded.
Status Staging::replace(const std::vector<std::string>& names) {
  const std::string saved = root_ + "/saved";
  struct Move {
    std::string from, to;
  };
  std::vector<Move> undo;
  std::error_code error;
  const auto move = [&](const std::string& from, const std::string& to) -> Status {
    fs::create_directories(fs::path(to).parent_path(), error);
    if (rename(from.c_str(), to.c_str()) != 0) return system_error("write", to, errno);
    undo.push_back({to, from});
    return {};
  };
  const auto save = [&](const std::string& name) -> Status {
    const std::string old = folder_ + '/' + name;
    const fs::file_status status = fs::symlink_status(old, error);
    if (fs::is_directory(status)) return system_error("write", old, EISDIR);
    return fs::exists(status) ? move(old, saved + '/' + name) : Status{};
  };
  const auto replace_all = [&]() -> Status {
    TENFOLD_TRY(const std::vector<std::string> old_names, listed_files(folder_));
    for (const std::string& name : old_names)
      if (std::find(names.begin(), names.end(), name) == names.end()) TENFOLD_CHECK(save(name));
    for (const std::string& name : names) {
      TENFOLD_CHECK(save(name));
      TENFOLD_CHECK(move(files_ + '/' + name, folder_ + '/' + name));
    }
    return {};
  };
  const Status done = replace_all();
  if (!done)
    for (auto step = undo.rbegin(); step != undo.rend(); ++step)
      rename(step->from.c_str(), step->to.c_str());
  return done;
}

}  // namespace tenfold::codegen
