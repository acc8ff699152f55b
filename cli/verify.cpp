// tenfold verify: a compiled network against ONNX Runtime on the same input, output by output; with
// --layers, tensor by tensor in the order in which they are computed, up to the first that differs.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/arrays.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/layers.h"
#include "cli/peers.h"
#include "cli/session.h"

namespace tenfold::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string folder, model, target, json;
  std::vector<std::string> inputs;
  int threads = 0;
  uint64_t seed = 1;
  double tolerance = 1e-4;
  bool layers = false;
};

/// Whether a difference passes. Written so that NaN fails. An element of an inner tensor may be
/// what large ones have left of each other, so those are held to the tensor's scale.
bool passes(const Difference& difference, double tolerance, bool inner) {
  return inner ? difference.max_abs <= tolerance * std::max(1.0, difference.scale)
               : difference.max_rel <= tolerance;
}

struct Row {
  std::string tensor;
  Difference difference;
  bool ok = false;
};

void print(const Row& row) {
  fmt::print("{}  {}  max abs {:.3g}, max rel {:.3g} (at {}: {:.6g}, ONNX Runtime {:.6g})\n",
             row.ok ? "ok  " : "FAIL", row.tensor, row.difference.max_abs, row.difference.max_rel,
             row.difference.index, row.difference.got, row.difference.want);
}

/// The layers, then the outputs; a layer that the model has no tensor for is left out.
Result<std::vector<Row>> compare_all(const std::vector<Layer>& layers,
                                     const std::vector<PortInfo>& ports,
                                     const std::vector<Array>& outputs, const Reference& reference,
                                     double tolerance) {
  std::vector<Row> rows;
  const auto add = [&](const std::string& name, const Array& got, const Array& want,
                       bool inner) -> Status {
    const Result<Difference> difference = compare(got, want);
    if (!difference)
      return Error{difference.error().code, "'" + name + "': " + difference.error().message};
    rows.push_back({name, *difference, passes(*difference, tolerance, inner)});
    return {};
  };
  for (const Layer& layer : layers) {
    const auto found = reference.tensors.find(layer.tensor);
    if (found == reference.tensors.end()) continue;
    const Result<Array> want = in_kernel_order(found->second, layer);
    if (!want) return Error{want.error().code, "'" + layer.tensor + "': " + want.error().message};
    TENFOLD_CHECK(add(layer.tensor, layer.values, *want, true));
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    TENFOLD_CHECK(add(ports[i].name, outputs[i], reference.tensors.at(ports[i].name), false));
  return rows;
}

Status verify(const Options& options) {
  std::error_code unreadable;
  if (!std::filesystem::is_regular_file(options.model, unreadable))
    return Error{ErrorCode::not_found, options.model + ": no such file"};
  TENFOLD_TRY(Session session,
              Session::open(options.folder, options.target, options.threads, true));
  TENFOLD_TRY(const std::vector<Array> inputs,
              read_or_make_inputs(session.inputs(), options.inputs, options.seed));
  std::vector<Array> outputs = make_arrays(session.outputs());
  TENFOLD_CHECK(session.bind(inputs, outputs));

  std::vector<Layer> layers;
  if (options.layers) {
    TENFOLD_TRY(layers, run_layers(session, options.folder));
  } else {
    TENFOLD_CHECK(session.run());
  }
  std::vector<std::string> names;
  for (const Layer& layer : layers) names.push_back(layer.tensor);
  for (const PortInfo& port : session.outputs()) names.push_back(port.name);

  TENFOLD_TRY(const Reference reference,
              run_reference_engine(options.model, session.inputs(), inputs, names));
  for (const PortInfo& port : session.outputs())
    if (!reference.tensors.contains(port.name))
      return Error{ErrorCode::not_found, options.model + ": has no tensor '" + port.name +
                                             "', which the library puts out"};
  TENFOLD_TRY(const std::vector<Row> rows,
              compare_all(layers, session.outputs(), outputs, reference, options.tolerance));
  const auto first_bad =
      std::find_if(rows.begin(), rows.end(), [](const Row& row) { return !row.ok; });

  if (!options.json.empty()) {
    Json json{{"ok", first_bad == rows.end()},
              {"tolerance", options.tolerance},
              {"onnxruntime", reference.version},
              {"target", session.target()},
              {"tensors", Json::array()}};
    for (const Row& row : rows)
      json["tensors"].push_back({{"name", row.tensor},
                                 {"ok", row.ok},
                                 {"max_abs", row.difference.max_abs},
                                 {"max_rel", row.difference.max_rel}});
    TENFOLD_CHECK(write_text(options.json, json.dump(2) + "\n"));
  }
  if (options.json != "-") {
    const bool all_given = options.inputs.size() == session.inputs().size();
    fmt::print(
        "{} on {} against ONNX Runtime {}, {}, tolerance {:.3g} of max(1, |value|)\n",
        session.name(), session.target(), reference.version,
        all_given ? "on the given input" : fmt::format("on random input of seed {}", options.seed),
        options.tolerance);
    for (const Row& row : rows) {
      print(row);
      if (options.layers && !row.ok) break;
    }
    if (options.layers)
      fmt::print("compared {} tensors in the order of their computation\n", rows.size());
  }
  if (first_bad == rows.end()) return {};
  return Error{
      ErrorCode::failed,
      fmt::format("{}: '{}' differs from ONNX Runtime by {:.3g} (relative {:.3g}, allowed {:.3g})",
                  options.folder, first_bad->tensor, first_bad->difference.max_abs,
                  first_bad->difference.max_rel, options.tolerance)};
}

}  // namespace

void add_verify(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "verify", "Compare a compiled network with ONNX Runtime on the same input.");
  command->add_option("DIR", options->folder, "Folder that `tenfold compile` made")->required();
  command->add_option("--model", options->model, "The ONNX model that it was made from")
      ->required();
  add_repeated(*command, "--input", options->inputs,
               "NAME=FILE.npy; inputs that are not given are random");
  command->add_option("--seed", options->seed, "Seed of the random inputs")->capture_default_str();
  command
      ->add_option("--tolerance", options->tolerance,
                   "Largest |difference| / max(1, |value|) allowed")
      ->check(not_negative())
      ->capture_default_str();
  command->add_flag("--layers", options->layers,
                    "Compare every tensor that is computed; stop at the first that differs");
  command->add_option("--threads", options->threads, "Threads; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command->add_option("--target", options->target,
                      "Run this variant of the library instead of the best one");
  command->add_option("--json", options->json,
                      "Write the comparison as JSON to this file; - is standard output");
  command->footer(exit_codes_text);
  command->callback([options, &chosen] { chosen = [options] { return verify(*options); }; });
}

}  // namespace tenfold::cli
