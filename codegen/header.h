// NAME.h: what a C or C++ program includes to use a library.
#pragma once
#include <string>

#include "codegen/tables.h"

namespace tenfold::codegen {

/// A network's header: indices, shapes and sizes of its inputs and outputs, NAME_query, NAME_open.
std::string network_header(const Tables& tables);

/// A single operator's: shapes, strides in words, sizes, NAME_run, a NAME_pack_... for each
/// constant. Needs the copy of tenfold/abi.h that is written beside it, and no runtime.
std::string operator_header(const Tables& tables);

/// `text` as part of a C identifier: lower case, other characters as underscores, no leading digit.
std::string identifier(const std::string& text);

}  // namespace tenfold::codegen
