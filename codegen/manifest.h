// manifest.json: the library's tables for people and for tools. docs/file-formats.md names its
// fields.
#pragma once
#include <string>
#include <vector>

#include "codegen/tables.h"

namespace tenfold::codegen {

/// files: every file of the library, relative to its folder.
std::string manifest_json(const Tables& tables, const LibraryInfo& info,
                          const std::vector<std::string>& files);

}  // namespace tenfold::codegen
