// The functions of this program that a kernel may call.
#pragma once
#include <span>

namespace tenfold::runner {

struct Symbol {
  const char* name;
  void* address;
};

/// The shims of codegen/shims, and libc's memory functions.
std::span<const Symbol> runtime_symbols();

/// Scalar functions of libm that a compiler calls where it has no code of its own.
std::span<const Symbol> libm_symbols();

}  // namespace tenfold::runner
