// Files that the code generator carries inside itself.
#pragma once
#include <string_view>

namespace tenfold::codegen {

/// The relocatable object of codegen/shims.
std::string_view shims_object();

/// base/include/tenfold/abi.h, which libraries ship beside their header.
std::string_view abi_header();

}  // namespace tenfold::codegen
