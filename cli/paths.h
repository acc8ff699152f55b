// Where the program finds what it needs: the user's cache folder, the programs beside it, the
// scripts for the peers. The only file that reads the environment.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace tenfold::cli {

/// $XDG_CACHE_HOME/tenfold, or ~/.cache/tenfold; made if absent. Errors: io.
Result<std::string> cache_folder();

/// The databases that a command reads and writes; the first one is written to. Without --db it is
/// records.sqlite in the cache folder.
Result<std::vector<std::string>> database_paths(const std::vector<std::string>& given);

/// A program of tenfold's own, beside this one or in ../libexec/tenfold. Errors: not_found.
Result<std::string> sibling_program(const std::string& name);

/// The Python that has a peer's package: $TENFOLD_PYTHON if set, else .deps/venv (.deps/venv-mnn
/// for mnn) of the source tree. Errors: unavailable.
Result<std::string> peer_python(const std::string& peer);

/// A file or folder of the source tree, or its place below share/tenfold of the installation.
/// Errors: unavailable.
Result<std::string> data_path(const std::string& in_source, const std::string& installed);

}  // namespace tenfold::cli
