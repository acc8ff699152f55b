#include "codegen/library.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "codegen/embedded.h"
#include "codegen/file.h"
#include "codegen/header.h"
#include "codegen/interrupt.h"
#include "codegen/link.h"
#include "codegen/manifest.h"
#include "codegen/packages.h"
#include "codegen/staging.h"
#include "codegen/tables.h"
#include "codegen/weights.h"

namespace tenfold::codegen {
namespace {

// Names that NAME.h, -lNAME, NAME_open or NAME_query would take from the C library or from the
// runtime.
constexpr std::string_view taken_names[] = {
    "assert",   "c",      "complex", "ctype",  "dl",     "errno",    "fenv",    "float",
    "inttypes", "iso646", "limits",  "locale", "m",      "math",     "mq",      "pthread",
    "rt",       "sem",    "setjmp",  "shm",    "signal", "stdalign", "stdarg",  "stdatomic",
    "stdbool",  "stddef", "stdint",  "stdio",  "stdlib", "string",   "strings", "tgmath",
    "threads",  "time",   "uchar",   "unistd", "util",   "wchar",    "wctype"};

// One of each symbol, in the order of first use.
std::vector<const Kernel*> distinct_kernels(const std::vector<VariantInput>& variants) {
  std::vector<const Kernel*> distinct;
  std::map<std::string, const Kernel*> known;
  for (const VariantInput& variant : variants)
    for (const Kernel& kernel : variant.kernels)
      if (known.try_emplace(kernel.symbol, &kernel).second) distinct.push_back(&kernel);
  return distinct;
}

bool has_constants(const std::vector<VariantInput>& variants) {
  for (const VariantInput& variant : variants) {
    for (const graph::Step& step : variant.plan.steps)
      if (!step.params.empty()) return true;
    for (const graph::Root& root : variant.plan.roots)
      if (root.home == graph::Home::constant) return true;
  }
  return false;
}

int64_t file_size(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

class Emission {
 public:
  Emission(const std::vector<VariantInput>& variants, const LibraryOptions& options,
           Staging& staging)
      : variants_(variants), options_(options), staging_(staging) {}

  Result<LibraryInfo> run(const InterruptGuard& interrupt) {
    TENFOLD_CHECK(write_weights());
    TENFOLD_CHECK(interrupt.check());
    TENFOLD_CHECK(write_library());
    TENFOLD_CHECK(interrupt.check());
    TENFOLD_CHECK(write_texts());
    TENFOLD_CHECK(interrupt.check());
    TENFOLD_CHECK(staging_.install(files_));
    return info_;
  }

 private:
  std::string add(const std::string& name) {
    files_.push_back(name);
    return staging_.files() + '/' + name;
  }

  Status write_weights() {
    if (options_.single_op || !has_constants(variants_)) {
      TENFOLD_TRY(tables_, make_tables(variants_, options_, nullptr));
      return {};
    }
    TENFOLD_TRY(WeightsWriter weights, WeightsWriter::create(add(options_.name + ".weights")));
    TENFOLD_TRY(tables_, make_tables(variants_, options_, &weights));
    TENFOLD_TRY(tables_.weights_hash, weights.finish());
    tables_.weights_size_bytes = info_.weights_bytes = weights.size_bytes();
    return {};
  }

  Status write_library() {
    const std::vector<const Kernel*> kernels = distinct_kernels(variants_);
    for (const VariantInput& variant : variants_)
      info_.kernel_count += static_cast<int64_t>(variant.kernels.size());
    info_.distinct_kernel_count = static_cast<int64_t>(kernels.size());
    TENFOLD_CHECK(link_library(tables_, kernels, options_.emit, staging_.files(), staging_.work()));
    const std::string name = "lib" + options_.name;
    if (options_.emit != Emit::shared) info_.library_bytes = file_size(add(name + ".a"));
    if (options_.emit != Emit::static_) info_.library_bytes = file_size(add(name + ".so"));
    return {};
  }

  Status write_texts() {
    const std::string& name = options_.name;
    for (const char* folder : {"cmake", "tenfold"}) {
      if (folder == std::string("tenfold") && !options_.single_op) continue;
      const std::string path = staging_.files() + '/' + folder;
      if (mkdir(path.c_str(), 0777) != 0) return system_error("make folder", path, errno);
    }
    if (options_.single_op) TENFOLD_CHECK(write_file(add("tenfold/abi.h"), abi_header()));
    TENFOLD_CHECK(write_file(
        add(name + ".h"), options_.single_op ? operator_header(tables_) : network_header(tables_)));
    TENFOLD_CHECK(
        write_file(add("cmake/" + name + "Config.cmake"), cmake_config(tables_, options_.emit)));
    TENFOLD_CHECK(write_file(add(name + ".pc"), pkg_config(tables_)));
    const std::string manifest = add("manifest.json");
    return write_file(manifest, manifest_json(tables_, info_, files_));
  }

  const std::vector<VariantInput>& variants_;
  const LibraryOptions& options_;
  Staging& staging_;
  Tables tables_;
  LibraryInfo info_;
  std::vector<std::string> files_;
};

}  // namespace

Status check_library_name(const std::string& name) {
  const auto letter = [](unsigned char c) { return c == '_' || (c < 0x80 && std::isalnum(c)); };
  const auto wrong = [&](const char* rule) {
    return Error{ErrorCode::invalid_argument, "a library can't be named '" + name + "': " + rule};
  };
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) ||
      !std::all_of(name.begin(), name.end(), letter))
    return wrong("it is no C identifier");
  if (name.size() > 200) return wrong("it has over 200 letters");
  if (name.starts_with("tenfold")) return wrong("the runtime's names begin so");
  if (std::find(std::begin(taken_names), std::end(taken_names), name) != std::end(taken_names))
    return wrong("its header, its library or its functions would hide those of the C library");
  return {};
}

Status check_library_folder(const std::string& folder) {
  const InterruptGuard interrupt;
  const Result<Staging> staging = Staging::begin(folder);
  return staging ? interrupt.check() : staging.error();
}

Result<LibraryInfo> emit_library(const std::vector<VariantInput>& variants,
                                 const LibraryOptions& options) {
  TENFOLD_CHECK(check_library_name(options.name));
  const InterruptGuard
      interrupt;  // outlives the staging folder, which is removed before a signal takes effect
  TENFOLD_TRY(Staging staging, Staging::begin(options.folder));
  return Emission(variants, options, staging).run(interrupt);
}

}  // namespace tenfold::codegen
