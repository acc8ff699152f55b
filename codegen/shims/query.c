/* The one function that a library exports; the emitter gives it the library's name. */
#include "shims.h"

__attribute__((visibility("default"))) const tenfold_library* tenfold_query(uint32_t abi_version) {
  return abi_version == TENFOLD_ABI_VERSION ? &tenfold_tables : 0;
}
