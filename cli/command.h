// A command of the program: one file each. `add` declares its options; once the command line names
// the command, `chosen` is what main runs. Everything a command says goes to standard output; its
// failure is the Status, which main prints as one line on standard error.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>

#include "base/result.h"

namespace tenfold::cli {

using Run = std::function<Status()>;

void add_inspect(CLI::App& app, Run& chosen);
void add_tune(CLI::App& app, Run& chosen);
void add_compile(CLI::App& app, Run& chosen);
void add_verify(CLI::App& app, Run& chosen);
void add_run(CLI::App& app, Run& chosen);
void add_bench(CLI::App& app, Run& chosen);
void add_db(CLI::App& app, Run& chosen);

/// The part of --help that all commands share.
inline constexpr const char* exit_codes_text =
    "Exit codes: 0 well, 1 failed (also when interrupted), 2 wrong usage, 3 bad input (a model, a "
    "library, an array, a\n"
    "database), 4 not available here (a device, an instruction set, a peer).";

/// An option that may be given several times, with one value each.
CLI::Option* add_repeated(CLI::App& command, const std::string& name,
                          std::vector<std::string>& values, const std::string& help);

/// Checks of numbers that say the rule when they fail.
CLI::Validator positive();
CLI::Validator not_negative();

}  // namespace tenfold::cli
