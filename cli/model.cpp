#include "cli/model.h"

#include <charconv>

#include "cli/assignment.h"
#include "cli/command.h"
#include "dsl/op.h"
#include "graph/passes.h"

namespace tenfold::cli {
namespace {

Result<Dims> parse_dims(const std::string& option, const std::string& text) {
  Dims dims;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int64_t extent = 0;
    const auto [after, status] = std::from_chars(at, end, extent);
    if (status != std::errc() || extent <= 0 || (after != end && *after != ','))
      return Error{ErrorCode::invalid_argument,
                   option + ": expected positive extents as in NAME=1,3,224,224"};
    dims.push_back(extent);
    if (after == end) break;
    at = after + 1;
  }
  const Result<int64_t> elements = volume(dims);
  if (!elements)
    return Error{ErrorCode::invalid_argument, option + ": " + elements.error().message};
  return dims;
}

}  // namespace

void add_model_options(CLI::App& command, ModelOptions& options) {
  add_repeated(command, "--shape", options.shapes,
               "NAME=1,3,224,224: bind an input's extents; once for each input");
  command
      .add_option("--outputs", options.outputs,
                  "Tensors to keep as outputs instead of the model's own")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("NAME,NAME");
}

Result<graph::ImportOptions> import_options(const ModelOptions& options) {
  graph::ImportOptions result;
  result.outputs = options.outputs;
  for (const std::string& text : options.shapes) {
    TENFOLD_TRY(const auto assignment, split_assignment("--shape", text));
    TENFOLD_TRY(Dims dims, parse_dims("--shape " + text, assignment.second));
    if (!result.shapes.emplace(assignment.first, std::move(dims)).second)
      return Error{ErrorCode::invalid_argument, "--shape " + assignment.first + ": given twice"};
  }
  return result;
}

Result<Task> parse_operator(const std::string& spec) {
  Result<Task> task = dsl::parse_op_spec(spec);
  if (task) return task;
  return Error{ErrorCode::invalid_argument, "--op '" + spec + "': " + task.error().message};
}

std::string unsupported_text(const std::vector<graph::Unsupported>& entries) {
  std::string text;
  for (const graph::Unsupported& entry : entries)
    text += (text.empty() ? "" : "; ") + ("node '" + entry.node) + "' (" + entry.op +
            "): " + entry.rule;
  return text;
}

Result<graph::Network> load_network(const ModelOptions& options) {
  TENFOLD_TRY(const graph::ImportOptions import, import_options(options));
  TENFOLD_TRY(graph::Network network, graph::import_onnx(options.file, import));
  const std::vector<graph::Unsupported> unsupported = graph::find_unsupported(network);
  if (!unsupported.empty())
    return Error{ErrorCode::unsupported, options.file + ": " + unsupported_text(unsupported)};
  TENFOLD_CHECK(graph::run_passes(network));
  return network;
}

}  // namespace tenfold::cli
