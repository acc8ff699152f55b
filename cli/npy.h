// NumPy's .npy files, the form in which arrays cross the command line. Versions 1.0 to 3.0,
// little-endian, row-major. A file is judged by its own size before anything is allocated. Source:
// numpy.lib.format's specification.
#pragma once
#include <string>

#include "base/types.h"

namespace tenfold::cli {

/// Errors: not_found, io; corrupt, naming the rule, for what is no .npy file or claims other bytes
/// than it has; unsupported for other element types, for big-endian and for column-major arrays.
Result<Array> read_npy(const std::string& path);

/// Replaces the file as a whole. Errors: io.
Status write_npy(const std::string& path, const Array& array);

}  // namespace tenfold::cli
