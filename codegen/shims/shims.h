/* Shared by the shims: the runtime functions that generated kernels call, hidden inside each
 * library, which hand every call to the operations of the caller's context. Compiled once with
 * tenfold, linked into every library that it emits. */
#ifndef TENFOLD_SHIMS_H
#define TENFOLD_SHIMS_H
#include <HalideRuntime.h>

#include "tenfold/abi.h"

/* The context's operations; null for a null context. */
static inline const tenfold_ops* ops_of(void* user_context) {
  return user_context ? ((const tenfold_user_context*)user_context)->ops : 0;
}

/* The library's tables, which the emitter generates. */
extern const tenfold_library tenfold_tables;

/* True when this machine runs code for a CPU target of that name. */
int tenfold_cpu_runs(const char* target);

/* The index of the variant that run and pack use, or -1. */
int tenfold_single_variant(void);

#endif
