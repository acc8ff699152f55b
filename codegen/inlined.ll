; What kernels inline: see codegen/inlined.cpp.
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

; prefetcht0, into every level.
define weak_odr void @_halide_prefetch(ptr %line) nounwind alwaysinline {
  call void @llvm.prefetch.p0(ptr %line, i32 0, i32 3, i32 1)  ; to read, every level, data
  ret void
}

; Aligns the stack of the function that calls it: see codegen/aligned_stack_halide.h. The
; empty assembly keeps the vector.
define weak_odr i32 @tenfold_aligned_stack() nounwind alwaysinline {
  %vector = alloca <16 x float>, align 64
  call void asm sideeffect "", "r"(ptr %vector)
  ret i32 0
}
