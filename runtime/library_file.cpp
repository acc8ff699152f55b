#include "runtime/library_file.h"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "runtime/elf_check.h"

namespace tenfold::runtime {
namespace {

namespace fs = std::filesystem;

bool is_library_name(const std::string& file) {
  return file.starts_with("lib") && file.ends_with(".so") && file.size() > 6 &&
         file != "libtenfold_runtime.so";
}

Failure find_in_folder(const fs::path& folder, fs::path& library) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (is_library_name(entry->path().filename().string())) found.push_back(entry->path());
  if (error) return fail(TENFOLD_IO, "can't read '" + folder.string() + "': " + error.message());
  if (found.empty())
    return fail(TENFOLD_NOT_FOUND, "no lib*.so in '" + folder.string() +
                                       "': is it a compiled network with --emit shared or both?");
  if (found.size() > 1)
    return fail(TENFOLD_INVALID_ARGUMENT,
                "several libraries in '" + folder.string() + "': name one of them");
  library = found.front();
  return success();
}

int64_t type_bytes(uint32_t type) {
  constexpr int64_t bytes[] = {4, 2, 8, 1, 1, 4, 8, 1};
  return type < std::size(bytes) ? bytes[type] : 0;
}

bool operand_fits(const tenfold_library& library, const tenfold_variant& variant,
                  const tenfold_operand& operand) {
  const int64_t element = type_bytes(operand.type);
  if (element == 0 || operand.rank > 16 || operand.offset_bytes < 0) return false;
  int64_t last = 0;
  for (uint32_t i = 0; i < operand.rank; ++i) {
    const tenfold_dim& dim = operand.dims[i];
    if (dim.extent < 1 || dim.stride < 0) return false;
    last += (dim.extent - int64_t{1}) * dim.stride;
  }
  const int64_t end = operand.offset_bytes + (last + 1) * element;
  switch (operand.home) {
    case TENFOLD_HOME_ARENA:
      return end <= variant.arena_bytes;
    case TENFOLD_HOME_WEIGHTS:
      return end <= variant.weights_size_bytes;
    case TENFOLD_HOME_INPUT:
      return operand.index < library.input_count && end <= library.inputs[operand.index].size_bytes;
    case TENFOLD_HOME_OUTPUT:
      return operand.index < library.output_count &&
             end <= library.outputs[operand.index].size_bytes;
  }
  return false;
}

bool fill_fits(const tenfold_variant& variant, const tenfold_fill& fill) {
  return fill.rows >= 1 && fill.offset_bytes >= 0 && fill.row_bytes >= 0 &&
         fill.stride_bytes >= 0 &&
         fill.offset_bytes + (fill.rows - 1) * fill.stride_bytes + fill.row_bytes <=
             variant.arena_bytes;
}

}  // namespace

LibraryFile::~LibraryFile() {
  if (handle_) dlclose(handle_);
}

Failure LibraryFile::open(const std::string& path, LibraryFile& file) {
  std::error_code error;
  fs::path library = path;
  const fs::file_status status = fs::status(library, error);
  if (!fs::exists(status)) return fail(TENFOLD_NOT_FOUND, "'" + path + "' does not exist");
  if (fs::is_directory(status)) TENFOLD_RETURN_FAILURE(find_in_folder(path, library));
  const std::string base = library.filename().string();
  if (!is_library_name(base))
    return fail(TENFOLD_INVALID_ARGUMENT, "'" + path + "' is not named lib<NAME>.so");
  TENFOLD_RETURN_FAILURE(check_shared_library(library.string()));

  library = fs::absolute(library, error);  // a name without a slash would be searched for elsewhere
  file.handle_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!file.handle_)
    return fail(TENFOLD_CORRUPT, std::string("can't load the library: ") + dlerror());
  file.name_ = base.substr(3, base.size() - 6);
  file.weights_path_ = (library.parent_path() / (file.name_ + ".weights")).string();
  file.query_ =
      reinterpret_cast<tenfold_query_fn>(dlsym(file.handle_, (file.name_ + "_query").c_str()));
  if (!file.query_)
    return fail(TENFOLD_CORRUPT, "'" + library.string() + "' was not made by tenfold: it has no " +
                                     file.name_ + "_query");
  return success();
}

Failure query_tables(tenfold_query_fn query, const std::string& where,
                     const tenfold_library*& library) {
  library = query(TENFOLD_ABI_VERSION);
  if (!library || library->abi_version != TENFOLD_ABI_VERSION)
    return fail(TENFOLD_VERSION,
                where + " was made for another version of the runtime than " TENFOLD_VERSION_TEXT +
                    " (interface " + std::to_string(TENFOLD_ABI_VERSION) + "): compile it anew");
  for (uint32_t v = 0; v < library->variant_count; ++v) {
    const tenfold_variant& variant = library->variants[v];
    const std::string text = where + " (" + variant.target + "): ";
    for (uint32_t f = 0; f < variant.fill_count; ++f)
      if (!fill_fits(variant, variant.fills[f]))
        return fail(TENFOLD_CORRUPT, text + "a fill lies outside of the arena");
    for (uint32_t s = 0; s < variant.step_count; ++s) {
      const tenfold_step& step = variant.steps[s];
      for (uint32_t f = 0; f < step.fill_count; ++f)
        if (!fill_fits(variant, step.fills[f]))
          return fail(TENFOLD_CORRUPT,
                      text + "a fill of step '" + step.name + "' lies outside of the arena");
      for (uint32_t o = 0; o < step.operand_count; ++o)
        if (!operand_fits(*library, variant, step.operands[o]))
          return fail(TENFOLD_CORRUPT, text + "operand " + std::to_string(o) + " of step '" +
                                           step.name + "' lies outside of its buffer");
    }
  }
  return success();
}

}  // namespace tenfold::runtime
