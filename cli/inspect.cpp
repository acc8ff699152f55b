// tenfold inspect: what a model asks for and whether tenfold can do it; or what a compiled library
// holds.
#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/choose.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/model.h"
#include "cli/paths.h"
#include "cli/progress.h"
#include "cli/records.h"
#include "dsl/op.h"
#include "graph/passes.h"
#include "graph/planner.h"

namespace tenfold::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  std::vector<std::string> databases;
  std::string target = "host", json;
  int threads = 0;
};

Json port_json(const graph::Network& network, const std::vector<graph::TensorId>& ports) {
  Json rows = Json::array();
  for (const graph::TensorId id : ports) {
    const graph::Tensor& tensor = network.tensors[static_cast<size_t>(id)];
    rows.push_back(
        {{"name", tensor.name}, {"type", to_string(tensor.type)}, {"dims", tensor.dims}});
  }
  return rows;
}

std::string ports_text(const char* title, const Json& ports) {
  std::string text;
  for (const Json& port : ports)
    text += fmt::format("{:<8} {}  {} {}\n", title, port.at("name").get<std::string>(),
                        port.at("type").get<std::string>(),
                        tenfold::to_string(port.at("dims").get<Dims>()));
  return text;
}

/// Tasks, their work and how many of them the databases know.
Status add_coverage(const Options& options, const graph::Network& network, Json& json) {
  TENFOLD_TRY(const Target target, parse_target(options.target));
  const graph::PlanOptions plan_options{.name = "network", .device = target.device, .layout = {}};
  TENFOLD_TRY(const auto tasks, graph::candidate_tasks(network, plan_options));
  TENFOLD_TRY(const auto database, open_records(options.databases));
  TENFOLD_TRY(const Chooser chooser,
              Chooser::make(database.get(), tasks,
                            {.target = target, .threads = thread_count(options.threads)}));
  autotune::RecordCoverage coverage;
  for (const Task& task : tasks) coverage.add(task, chooser.choose(task));
  TENFOLD_TRY(const graph::Plan plan,
              graph::make_plan(network, plan_options,
                               [&](const Task& task) { return chooser.seconds(task); }));
  double flops = 0;
  for (const graph::Step& step : plan.steps) flops += dsl::flops(step.task);
  json["target"] = target.name;
  json["gflop"] = flops / 1e9;
  json["steps"] = plan.steps.size();
  json["arena_bytes"] = plan.arena_bytes;
  json["tasks"] = tasks.size();
  json["records"] = coverage.text();
  return {};
}

Status inspect_model(const Options& options) {
  TENFOLD_TRY(const graph::ImportOptions import, import_options(options.model));
  TENFOLD_TRY(graph::Network network, graph::import_onnx(options.model.file, import));
  const auto unsupported = graph::find_unsupported(network);
  Json json{{"model", options.model.file},
            {"opset", network.opset},
            {"inputs", port_json(network, network.inputs)},
            {"outputs", port_json(network, network.outputs)},
            {"operators", network.onnx_ops},
            {"unsupported", Json::array()}};
  for (const graph::Unsupported& entry : unsupported)
    json["unsupported"].push_back({{"node", entry.node}, {"op", entry.op}, {"rule", entry.rule}});
  if (unsupported.empty()) {
    TENFOLD_CHECK(graph::run_passes(network));
    TENFOLD_CHECK(add_coverage(options, network, json));
  }
  if (!options.json.empty())  // names from models may hold bytes that are no UTF-8
    TENFOLD_CHECK(
        write_text(options.json, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
  if (options.json != "-") {
    fmt::print("model    {}, opset {}\n", options.model.file, network.opset);
    fmt::print("{}{}", ports_text("input", json["inputs"]), ports_text("output", json["outputs"]));
    for (const auto& [op, count] : network.onnx_ops)
      fmt::print("{:<8} {} x {}\n", "operator", op, count);
    if (unsupported.empty())
      fmt::print("plan     {} kernels, {:.3f} GFLOP, arena {}, on {}\n", json["steps"].get<int>(),
                 json["gflop"].get<double>(), bytes_text(json["arena_bytes"]),
                 json["target"].get<std::string>());
    if (json.contains("records"))
      fmt::print("records  of {} candidate tasks: {}\n", json["tasks"].get<int>(),
                 json["records"].get<std::string>());
  }
  if (unsupported.empty()) return {};
  return Error{ErrorCode::unsupported, options.model.file + ": " + unsupported_text(unsupported)};
}

std::string library_text(const Json& manifest) {
  std::string text =
      fmt::format("library  {}, compiled by {}\n", manifest.at("name").get<std::string>(),
                  manifest.at("compiler").get<std::string>());
  text += ports_text("input", manifest.at("inputs")) + ports_text("output", manifest.at("outputs"));
  for (const Json& variant : manifest.at("variants"))
    text += fmt::format("target   {}: {} kernels, arena {}, weights {}\n",
                        variant.at("target").get<std::string>(), variant.at("steps").size(),
                        bytes_text(variant.at("arena_bytes").get<int64_t>()),
                        bytes_text(variant.at("weights_size_bytes").get<int64_t>()));
  return text;
}

Status inspect_library(const Options& options) {
  const std::string path = options.model.file + "/manifest.json";
  TENFOLD_TRY(const FileView file, FileView::open(path));
  const Json manifest = Json::parse(file.bytes(), nullptr, false);
  std::string text;
  try {
    text = library_text(manifest);
  } catch (const Json::exception&) {  // an entry is missing, or of another type
    return Error{ErrorCode::corrupt, path + ": not a manifest"};
  }
  if (!options.json.empty()) TENFOLD_CHECK(write_text(options.json, manifest.dump(2) + "\n"));
  if (options.json != "-") fmt::print("{}", text);
  return {};
}

}  // namespace

void add_inspect(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect",
                                         "List a model's inputs, outputs, operators, everything "
                                         "unsupported in it, and its tuning records;\n"
                                         "or what a compiled library holds.");
  command
      ->add_option("MODEL|DIR", options->model.file,
                   "ONNX model, or folder that `tenfold compile` made")
      ->required();
  add_model_options(*command, options->model);
  add_repeated(*command, "--db", options->databases, database_help);
  command->add_option("--target", options->target, "Target whose records are looked up")
      ->capture_default_str();
  command
      ->add_option("--threads", options->threads,
                   "Thread count whose records are looked up; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command->add_option("--json", options->json,
                      "Write all of it as JSON to this file; - is standard output");
  command->footer(exit_codes_text);
  command->callback([options, &chosen] {
    chosen = [options]() -> Status {
      std::error_code failed;
      const bool folder = std::filesystem::is_directory(options->model.file, failed);
      return folder ? inspect_library(*options) : inspect_model(*options);
    };
  });
}

}  // namespace tenfold::cli
