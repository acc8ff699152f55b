// What both kinds of header share.
#pragma once
#include <string>
#include <vector>

#include "codegen/tables.h"

namespace tenfold::codegen {

std::string upper(std::string text);

/// "{1, 56, 56, 64}".
std::string braces(const Dims& dims);

/// The C type of an element: "float".
const char* c_type(DType type);

/// Names for C: identifiers of `names`, made distinct by a number where they collide.
std::vector<std::string> distinct_identifiers(const std::vector<std::string>& names);

/// The opening comment's first line and the include guard, and what ends them.
std::string header_begin(const Tables& tables, const std::string& what);
std::string header_end(const Tables& tables);

}  // namespace tenfold::codegen
