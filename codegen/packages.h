// How other builds find a library: a CMake package and a pkg-config file, both relative to where
// they lie.
#pragma once
#include <string>

#include "codegen/tables.h"

namespace tenfold::codegen {

/// cmake/NAMEConfig.cmake: imported targets NAME::NAME (static, else shared) and NAME::NAME_shared,
/// with the header's folder; a network's depend on the runtime's package `tenfold`. Sets
/// NAME_WEIGHTS to the weights file's path.
std::string cmake_config(const Tables& tables, Emit emit);

/// NAME.pc
std::string pkg_config(const Tables& tables);

}  // namespace tenfold::codegen
