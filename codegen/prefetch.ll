; What a kernel's prefetch is: prefetcht1, into the second-level cache. See codegen/prefetch.cpp.
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define weak_odr void @_halide_prefetch(ptr %line) nounwind alwaysinline {
  call void @llvm.prefetch.p0(ptr %line, i32 0, i32 2, i32 1)  ; to read, second level, data
  ret void
}
