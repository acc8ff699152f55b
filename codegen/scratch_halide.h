// How much heap a kernel needs, read off its lowered code.
#pragma once
#include <Halide.h>

#include "base/result.h"

namespace tenfold::codegen {

/// Bytes that one thread holds at once, at most: along every path through the code the sum of the
/// allocations that go to halide_malloc, each rounded up to 64 and with 64 more for reads past its
/// end. A parallel loop's body counts with what encloses it, since the thread that starts the loop
/// takes part in it. Errors: failed when a size has no constant bound: such a kernel can't be given
/// its scratch in advance.
Result<int64_t> scratch_bytes(const Halide::Module& module);

}  // namespace tenfold::codegen
