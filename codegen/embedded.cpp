#include "codegen/embedded.h"

// clang-format off
#define TENFOLD_EMBED(name, file)                             \
  __asm__(".section .rodata\n"                                \
          ".balign 16\n"                                      \
          ".globl tenfold_embedded_" #name "\n"               \
          ".hidden tenfold_embedded_" #name "\n"              \
          "tenfold_embedded_" #name ":\n"                     \
          ".incbin \"" file "\"\n"                            \
          ".globl tenfold_embedded_" #name "_end\n"           \
          ".hidden tenfold_embedded_" #name "_end\n"          \
          "tenfold_embedded_" #name "_end:\n"                 \
          ".previous\n");                                     \
  extern "C" const char tenfold_embedded_##name[], tenfold_embedded_##name##_end[];
// clang-format on

TENFOLD_EMBED(shims, TENFOLD_SHIMS_OBJECT)
TENFOLD_EMBED(abi, TENFOLD_ABI_HEADER)

namespace tenfold::codegen {

std::string_view shims_object() {
  return {tenfold_embedded_shims, tenfold_embedded_shims_end};
}
std::string_view abi_header() {
  return {tenfold_embedded_abi, tenfold_embedded_abi_end};
}

}  // namespace tenfold::codegen
