// "NAME=VALUE", as arrays and shapes are given on the command line.
#pragma once
#include <string>
#include <utility>

#include "base/result.h"

namespace tenfold::cli {

/// Split at the first '='. Errors: invalid_argument, naming the option.
Result<std::pair<std::string, std::string>> split_assignment(const std::string& option,
                                                             const std::string& text);

}  // namespace tenfold::cli
