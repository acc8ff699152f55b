// A look at a shared library before the loader maps it: a truncated file would kill the process,
// not fail.
#pragma once
#include <string>

#include "runtime/failure.h"

namespace tenfold::runtime {

/// Errors: NOT_FOUND, IO; CORRUPT when the file is no shared library of this machine or is shorter
/// than its segments.
Failure check_shared_library(const std::string& path);

}  // namespace tenfold::runtime
