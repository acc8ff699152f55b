#include "cli/command.h"

#include <cmath>
#include <cstdlib>

namespace tenfold::cli {
namespace {

CLI::Validator number(const std::string& name, bool (*holds)(double), const std::string& rule) {
  const auto check = [=](const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const bool complete = end != text.c_str() && *end == '\0';
    return complete && std::isfinite(value) && holds(value) ? std::string()
                                                            : "'" + text + "' is not " + rule;
  };
  return {check, name};
}

}  // namespace

CLI::Validator positive() {
  return number(
      "POSITIVE", [](double value) { return value > 0; }, "above 0");
}

CLI::Validator not_negative() {
  return number(
      "NONNEGATIVE", [](double value) { return value >= 0; }, "0 or above");
}

CLI::Option* add_repeated(CLI::App& command, const std::string& name,
                          std::vector<std::string>& values, const std::string& help) {
  return command.add_option(name, values, help)
      ->allow_extra_args(false)
      ->option_text("TEXT (may be repeated)");
}

}  // namespace tenfold::cli
