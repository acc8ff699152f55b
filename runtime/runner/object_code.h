// What a relocatable object's code says about itself before it runs: what it calls, and whether its
// loops spill. Read with LLVM's disassembler.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tenfold::runner {

struct ObjectCode {
  int64_t code_bytes = 0;
  int spill_stores =
      0;  // vector registers stored to a constant place in the stack frame, inside loops
  int spill_reloads = 0;               // and read from one, also as an operand of arithmetic
  std::vector<std::string> undefined;  // symbols that the object does not define, sorted
};

/// Prepares the disassembler for this machine's kind of CPU; once, before anything else.
void initialize_disassembler();

/// Errors: corrupt, when it is no object for this machine.
Result<ObjectCode> read_object_code(std::string_view object);

}  // namespace tenfold::runner
