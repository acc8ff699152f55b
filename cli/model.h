// The options by which a command is told of a model, and the model they name.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/task.h"
#include "graph/import.h"

namespace tenfold::cli {

struct ModelOptions {
  std::string file;
  std::vector<std::string> shapes;
  std::vector<std::string> outputs;
};

/// --shape and --outputs.
void add_model_options(CLI::App& command, ModelOptions& options);

/// Errors: invalid_argument when a shape is no NAME=1,3,224,224.
Result<graph::ImportOptions> import_options(const ModelOptions& options);

/// Imports the model and runs all passes; refuses what is unsupported, all of it named in the
/// message.
Result<graph::Network> load_network(const ModelOptions& options);

/// The task of a --op. Errors: invalid_argument, with the option as it was given.
Result<Task> parse_operator(const std::string& spec);

/// "node 'a' (Op): rule; node ..." for all entries.
std::string unsupported_text(const std::vector<graph::Unsupported>& entries);

}  // namespace tenfold::cli
