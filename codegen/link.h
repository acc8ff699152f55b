// From kernels and tables to NAME's archive and shared object, with the system's binutils and C
// compiler driver.
#pragma once
#include <string>
#include <vector>

#include "codegen/library.h"
#include "codegen/tables.h"

namespace tenfold::codegen {

/// Links everything into one relocatable object that exports NAME_query alone, and makes libNAME.a
/// and libNAME.so of it in `folder`; `work` takes intermediate files. The same input gives the same
/// bytes. Errors: failed when a kernel calls what neither the shims nor the C library's basics have
/// (libm: an activation that was not vectorised), naming the step; failed with the tool's words;
/// io.
Status link_library(const Tables& tables, const std::vector<const Kernel*>& kernels, Emit emit,
                    const std::string& folder, const std::string& work);

}  // namespace tenfold::codegen
