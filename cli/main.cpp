// tenfold: the command line. Parses, runs one command, and turns its Status into a line and an exit
// code.
#include <fmt/core.h>

#include <new>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "tenfold/tenfold.h"

namespace {

using namespace tenfold;

/// A library's message may have grown lines (a compiler's, for instance); the user gets one,
/// without what a terminal would obey.
std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (!blank) line += control ? '?' : c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

int fail(const std::string& message, int code) {
  std::fflush(stdout);
  fmt::print(stderr, "tenfold: error: {}\n", one_line(message));
  return code;
}

/// What libraries throw ends here, as the line that a user reads.
Status run(const cli::Run& chosen) {
  try {
    return chosen();
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::failed, "out of memory"};
  } catch (const std::exception& exception) {
    return Error{ErrorCode::failed, exception.what()};
  }
}

}  // namespace

int main(int argc, char** argv) {
  cli::watch_interrupts();
  CLI::App app{"tenfold turns convolutional networks into tuned native libraries."};
  app.name("tenfold");
  app.set_version_flag("--version", std::string("tenfold ") + tenfold_version());
  app.footer(cli::exit_codes_text);
  app.require_subcommand(1);
  cli::Run chosen;
  for (const auto add : {cli::add_inspect, cli::add_tune, cli::add_compile, cli::add_verify,
                         cli::add_run, cli::add_bench, cli::add_db})
    add(app, chosen);

  const auto named = [&](CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(named).empty())
    return fail("unknown command '" + std::string(argv[1]) + "' (see tenfold --help)", 2);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::string help = "tenfold";
    for (const CLI::App* command : app.get_subcommands()) help += " " + command->get_name();
    return fail(std::string(error.what()) + " (see " + help + " --help)", 2);
  }
  const Status status = run(chosen);
  if (!status) return fail(status.error().message, exit_code(status.error().code));
  return 0;
}
