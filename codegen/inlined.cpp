// Functions that kernels inline (codegen/inlined.ll), in the place of Halide's prefetch.
//
// Its own is prefetchnta, which on Intel's servers brings a line past
// the second level, so that a block of weights that is larger than the first is gone again before
// it is used: 1x1 512 -> 1024@7 on Emerald Rapids at 62 % of the peak so, 97 % with prefetcht0, and
// with cold weights 0.66 ms and 0.33. Zen 3 does not care.
//
// The instruction comes from a module of LLVM bitcode that libHalide carries under the name below
// and exports; a program's own definition of an exported name wins. Halide links this module into
// every kernel, so that it is the place for what else kernels may call.
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
