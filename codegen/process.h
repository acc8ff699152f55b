// Running other programs: the assembler, the linker, ptxas.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace tenfold::codegen {

/// Runs arguments[0] (looked for in PATH) with no input, and returns what it printed on both of its
/// outputs. It is killed when this process dies. Errors: not_found when there is no such program,
/// failed with the line of its output that speaks of an error when it exits with another status
/// than 0.
Result<std::string> run_program(const std::vector<std::string>& arguments);

/// The signal's name ("SIGSEGV"), as printed in messages.
std::string signal_name(int signal);

}  // namespace tenfold::codegen
