#include "cli/assignment.h"

namespace tenfold::cli {

Result<std::pair<std::string, std::string>> split_assignment(const std::string& option,
                                                             const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    return Error{ErrorCode::invalid_argument, option + " " + text + ": expected NAME=VALUE"};
  return std::pair{text.substr(0, at), text.substr(at + 1)};
}

}  // namespace tenfold::cli
