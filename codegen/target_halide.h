// The one table that maps a Target of ours to the compiler's flags.
#pragma once
#include <Halide.h>

#include "base/target.h"

namespace tenfold::codegen {

/// Flags for kernels: no runtime inside, user context first, no bounds queries; without assertions
/// unless asked for. Devices run beside a plain x86-64-v3 host. PTX is made for at most sm_86, the
/// newest that Halide 21 knows. Errors: invalid_argument for a target that has no row.
Result<Halide::Target> halide_target(const Target& target, bool asserts);

}  // namespace tenfold::codegen
