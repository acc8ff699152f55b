// A library: what `tenfold compile` leaves in a folder. For NAME:
//   libNAME.a / libNAME.so   kernels, tables and hidden runtime shims; exports NAME_query
//   NAME.h                   C header: names, shapes, NAME_open; for a single operator NAME_run and
//   NAME_pack_weights NAME.weights             packed constants, one page-aligned section a target
//   (docs/file-formats.md) manifest.json            the same tables for people and tools
//   cmake/NAMEConfig.cmake, NAME.pc
#pragma once
#include <string>
#include <vector>

#include "codegen/kernel.h"
#include "graph/plan.h"

namespace tenfold::codegen {

enum class Emit { shared, static_, both };

/// One target's part: a plan, and for each of its steps the chosen config and the kernel made of
/// it.
struct VariantInput {
  Target target;
  graph::Plan plan;
  std::vector<Config> configs;
  std::vector<Kernel> kernels;  // deduplicated by symbol when emitted
};

struct LibraryOptions {
  std::string name;    // a C identifier
  std::string folder;  // made if absent; filled only when everything has succeeded
  Emit emit = Emit::both;
  bool single_op = false;  // params are the user's: no weights file, run and pack in the header
};

struct LibraryInfo {
  int64_t library_bytes = 0, weights_bytes = 0, kernel_count = 0, distinct_kernel_count = 0;
};

/// Errors: invalid_argument where the name is no C identifier, is longer than 200 letters, or would
/// hide a header, a library or a function of the C library or the runtime (NAME.h, -lNAME,
/// NAME_open).
Status check_library_name(const std::string& name);

/// Whether a library could be written into the folder, before any time goes into making it: what
/// emission does first, undone at once. Errors: invalid_argument without a name, io.
Status check_library_folder(const std::string& folder);

/// Errors: check_library_name's; io when the folder can't be written, failed when an assembler or
/// linker step fails. On an error or a signal nothing half-written stays.
Result<LibraryInfo> emit_library(const std::vector<VariantInput>& variants,
                                 const LibraryOptions& options);

}  // namespace tenfold::codegen
