// The module of LLVM bitcode whose functions kernels inline (codegen/inlined.ll). libHalide carries
// one under the name below, exports it, and links it into every kernel; a program's own definition
// of an exported name wins.
//
// Halide's own has the prefetch, which is prefetchnta. On Intel's servers that brings a line past
// the second level, so that a block of weights that is larger than the first is gone again before
// it is used: 1x1 512 -> 1024@7 on Emerald Rapids at 62 % of the peak so, 97 % with prefetcht0, and
// with cold weights 0.66 ms and 0.33. Zen 3 does not care.
// clang-format off
__asm__(".section .data\n"
        ".balign 16\n"
        ".globl halide_internal_initmod_prefetch_64\n"
        ".type halide_internal_initmod_prefetch_64, @object\n"
        "halide_internal_initmod_prefetch_64:\n"
        ".incbin \"" TENFOLD_INLINED_BITCODE "\"\n"
        "halide_internal_initmod_prefetch_64_end:\n"
        ".size halide_internal_initmod_prefetch_64, . - halide_internal_initmod_prefetch_64\n"
        ".balign 4\n"
        ".globl halide_internal_initmod_prefetch_64_length\n"
        ".type halide_internal_initmod_prefetch_64_length, @object\n"
        ".size halide_internal_initmod_prefetch_64_length, 4\n"
        "halide_internal_initmod_prefetch_64_length:\n"
        ".int halide_internal_initmod_prefetch_64_end - halide_internal_initmod_prefetch_64\n"
        ".previous\n");
// clang-format on
