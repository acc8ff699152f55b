; What a kernel's prefetch is: prefetcht0, into every level. See codegen/prefetch.cpp.
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define weak_odr void @_halide_prefetch(ptr %line) nounwind alwaysinline {
  call void @llvm.prefetch.p0(ptr %line, i32 0, i32 3, i32 1)  ; to read, every level, data
  ret void
}
