#include "cli/command.h"

namespace tenfold::cli {

CLI::Option* add_repeated(CLI::App& command, const std::string& name,
                          std::vector<std::string>& values, const std::string& help) {
  return command.add_option(name, values, help)->allow_extra_args(false);
}

}  // namespace tenfold::cli
