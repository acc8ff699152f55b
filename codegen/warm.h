// Warming the compiler, so that what is forked from this process does not pay for it.
#pragma once

namespace tenfold::codegen {

/// Compiles a small kernel and forgets it: tables are built, pages are touched.
void warm_up();

}  // namespace tenfold::codegen
