// From a path to a library's tables: which file in a folder is the library, loading it, finding
// NAME_query.
#pragma once
#include <string>
#include <utility>

#include "runtime/failure.h"

namespace tenfold::runtime {

/// A loaded shared library, or nothing.
class LibraryFile {
 public:
  LibraryFile() = default;
  ~LibraryFile();
  LibraryFile(LibraryFile&& other) noexcept { swap(other); }
  LibraryFile& operator=(LibraryFile&& other) noexcept {
    swap(other);
    return *this;
  }

  /// Opens `path`, a folder with one generated lib*.so in it or that file itself.
  /// Errors: NOT_FOUND, IO; CORRUPT when it is no generated library.
  static Failure open(const std::string& path, LibraryFile& file);

  tenfold_query_fn query() const { return query_; }
  const std::string& name() const { return name_; }                  // of lib<name>.so
  const std::string& weights_path() const { return weights_path_; }  // beside the library

 private:
  void swap(LibraryFile& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(query_, other.query_);
    std::swap(name_, other.name_);
    std::swap(weights_path_, other.weights_path_);
  }
  void* handle_ = nullptr;
  tenfold_query_fn query_ = nullptr;
  std::string name_, weights_path_;
};

/// Asks for tables of our version and checks what can be checked without reading weights: every
/// operand lies where it may. Errors: VERSION, CORRUPT.
Failure query_tables(tenfold_query_fn query, const std::string& where,
                     const tenfold_library*& library);

}  // namespace tenfold::runtime
