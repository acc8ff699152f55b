#include "cli/kernel_cache.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/hash.h"
#include "cli/paths.h"

namespace tenfold::cli {
namespace {

namespace fs = std::filesystem;

void touch(const std::string& path) {
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
}

std::optional<std::string> read_all(const std::string& path) {
  const Result<FileView> file = FileView::open(path);
  if (!file) return std::nullopt;
  return std::string(file->bytes());
}

}  // namespace

Result<KernelCache> KernelCache::open() {
  if (const Result<std::string> folder = cache_folder()) {
    const std::string kernels = *folder + "/kernels";
    std::error_code failed;
    fs::create_directories(kernels, failed);
    if (!failed && replace_file(kernels + "/.writable", ""))
      return KernelCache(kernels, std::nullopt);
  }
  TENFOLD_TRY(ScratchFolder scratch, ScratchFolder::make());
  const std::string folder = scratch.path();
  return KernelCache(folder, std::move(scratch));
}

std::optional<codegen::Kernel> KernelCache::find(const std::string& symbol) const {
  const std::string json_path = folder_ + "/" + symbol + ".json";
  const auto text = read_all(json_path);
  auto object = text ? read_all(object_path(symbol)) : std::nullopt;
  if (!object) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
  codegen::Kernel kernel;
  kernel.symbol = symbol;
  try {
    if (json.at("object_hash") != content_hash(*object)) return std::nullopt;
    kernel.scratch_bytes = json.at("scratch_bytes").get<int64_t>();
    kernel.device_code = json.at("device_code").get<std::string>();
    const auto cubin = json.at("cubin").get<std::vector<uint8_t>>();
    kernel.cubin.assign(cubin.begin(), cubin.end());
  } catch (const nlohmann::json::exception&) {  // damaged: it is built anew
    return std::nullopt;
  }
  if (kernel.scratch_bytes < 0) return std::nullopt;
  kernel.object = std::move(*object);
  touch(json_path);
  return kernel;
}

Status KernelCache::store(const codegen::Kernel& kernel) const {
  TENFOLD_CHECK(replace_file(object_path(kernel.symbol), kernel.object));
  const nlohmann::json json{
      {"object_hash", content_hash(kernel.object)},
      {"scratch_bytes", kernel.scratch_bytes},
      {"device_code", kernel.device_code},
      {"cubin", std::vector<uint8_t>(kernel.cubin.begin(), kernel.cubin.end())}};
  return replace_file(folder_ + "/" + kernel.symbol + ".json",
                      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

bool KernelCache::validated(const std::string& symbol) const {
  std::error_code failed;
  return fs::exists(folder_ + "/" + symbol + ".validated", failed);
}

Status KernelCache::set_validated(const std::string& symbol) const {
  return replace_file(folder_ + "/" + symbol + ".validated", "");
}

void KernelCache::prune(int64_t limit_bytes) const {
  struct Entry {
    fs::file_time_type used;
    int64_t bytes = 0;
  };
  std::map<std::string, Entry> entries;
  std::error_code failed;
  int64_t total = 0;
  for (const auto& file : fs::directory_iterator(folder_, failed)) {
    Entry& entry = entries[file.path().stem()];
    std::error_code gone;
    const auto size = file.file_size(gone);
    const auto used = file.last_write_time(gone);
    if (gone) continue;
    entry.used = std::max(entry.used, used);
    entry.bytes += static_cast<int64_t>(size);
    total += static_cast<int64_t>(size);
  }
  std::vector<std::pair<fs::file_time_type, std::string>> order;
  for (const auto& [symbol, entry] : entries) order.emplace_back(entry.used, symbol);
  std::sort(order.begin(), order.end());
  const auto recent = fs::file_time_type::clock::now() - std::chrono::hours(1);
  for (const auto& [used, symbol] : order) {
    if (total <= limit_bytes || used > recent) return;
    for (const char* suffix : {".json", ".validated", ".o"})
      fs::remove(folder_ + "/" + symbol + suffix, failed);
    total -= entries[symbol].bytes;
  }
}

}  // namespace tenfold::cli
