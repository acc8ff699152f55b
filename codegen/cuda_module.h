// CUDA kernels go out as cubins, with their PTX behind for newer devices, in one blob
// (tenfold_cuda_module in abi.h).
#pragma once
#include <string>

#include "base/result.h"

namespace tenfold::codegen {

/// Assembles PTX for an architecture (80: sm_80). ptxas: the program's path; empty: the one in
/// PATH, else the one that tenfold was built beside. Errors: not_found without ptxas, failed with
/// its words, failed when it reports spilled registers.
Result<std::string> assemble_ptx(const std::string& ptx, int capability, const std::string& ptxas);

/// The blob of one cubin and its PTX. capability: the cubin's.
std::string cuda_module(const std::string& cubin, int capability, const std::string& ptx);

}  // namespace tenfold::codegen
