// Where vectors that find no register go: LLVM reserves the frame pointer, which an aligned stack
// takes, before it knows of any, and then keeps them on a stack that is aligned to 16 bytes. Where
// that lies is the system's choice for each process. Half of the vectors of 8 floats, or all of 16,
// then go over the end of a cache line, and depthwise 7x7 of 192 channels takes 0.25 ms in one
// process and 0.15 in the next.
#pragma once
#include <Halide.h>

#include <string_view>

#include "base/result.h"

namespace tenfold::codegen {

/// Has the stack aligned in those functions of a module that put many vectors on one that is not,
/// as its compiled `object` tells; false where there are none, and the object is good as it is. It
/// costs a general register, so that other functions are left alone.
/// Errors: corrupt when the bytes are no object.
Result<bool> align_spills(Halide::Module& module, std::string_view object);

/// How often code stores a vector of 32 or 64 bytes on a stack that it takes for unaligned.
int unaligned_spills(std::string_view code);

}  // namespace tenfold::codegen
