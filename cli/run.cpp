// tenfold run: a compiled network once, from .npy files to .npy files.
#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "cli/arrays.h"
#include "cli/assignment.h"
#include "cli/command.h"
#include "cli/npy.h"
#include "cli/session.h"

namespace tenfold::cli {
namespace {

struct Options {
  std::string folder, target;
  std::vector<std::string> inputs, outputs;
  int threads = 0;
};

Status run(const Options& options) {
  TENFOLD_TRY(Session session,
              Session::open(options.folder, options.target, options.threads, true));
  TENFOLD_TRY(const std::vector<Array> inputs, read_inputs(session.inputs(), options.inputs));

  std::vector<std::pair<size_t, std::string>> wanted;
  for (const std::string& text : options.outputs) {
    TENFOLD_TRY(const auto assignment, split_assignment("--output", text));
    const auto& ports = session.outputs();
    const auto port = std::find_if(ports.begin(), ports.end(),
                                   [&](const PortInfo& p) { return p.name == assignment.first; });
    if (port == ports.end()) {
      std::string known;
      for (const PortInfo& p : ports) known += (known.empty() ? "" : ", ") + p.name;
      return Error{ErrorCode::invalid_argument,
                   "--output " + assignment.first + ": no such output; there are: " + known};
    }
    wanted.emplace_back(static_cast<size_t>(port - ports.begin()), assignment.second);
  }

  std::vector<Array> outputs = make_arrays(session.outputs());
  TENFOLD_CHECK(session.bind(inputs, outputs));
  TENFOLD_CHECK(session.run());
  for (const auto& [index, path] : wanted) {
    TENFOLD_CHECK(write_npy(path, outputs[index]));
    fmt::print("{}: {} {} {}\n", path, session.outputs()[index].name,
               to_string(outputs[index].type()), to_string(outputs[index].dims()));
  }
  return {};
}

}  // namespace

void add_run(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("run", "Run a compiled network once, from .npy files to .npy files.");
  command->add_option("DIR", options->folder, "Folder that `tenfold compile` made")->required();
  add_repeated(*command, "--input", options->inputs,
               "NAME=FILE.npy, in the model's own layout; once for each input");
  add_repeated(*command, "--output", options->outputs, "NAME=FILE.npy to write")
      ->required()
      ->option_text("TEXT REQUIRED (may be repeated)");
  command->add_option("--threads", options->threads, "Threads; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command->add_option("--target", options->target,
                      "Run this variant of the library instead of the best one");
  command->footer(exit_codes_text);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace tenfold::cli
