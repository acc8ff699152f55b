// The tables as assembler text: data and relocations only, the same for every 64-bit architecture
// that GNU as knows.
#pragma once
#include <string>

#include "codegen/tables.h"

namespace tenfold::codegen {

/// Defines tenfold_tables, a tenfold_library; refers to the kernels by symbol and, for a single
/// operator, to the shims that run and pack.
std::string assembly_of(const Tables& tables);

}  // namespace tenfold::codegen
