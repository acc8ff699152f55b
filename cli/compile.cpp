// tenfold compile: a model, or single operators, to native libraries.
#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "cli/build.h"
#include "cli/choose.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/model.h"
#include "cli/records.h"
#include "cli/variants.h"
#include "codegen/library.h"
#include "graph/planner.h"

namespace tenfold::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t cache_limit_bytes = int64_t{512} << 20;

struct CompileOptions {
  ModelOptions model;
  std::vector<std::string> ops;
  std::vector<std::string> targets{"host"};
  std::vector<std::string> databases;
  std::string folder, name, accuracy = "default";
  codegen::Emit emit = codegen::Emit::both;
  int threads = 0, jobs = 0;
  bool require_tuned = false, explain = false;
};

/// A C identifier from a file's name or an operator's: what is no letter or digit becomes '_'.
std::string identifier(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += letter ? c : '_';
  }
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(0, "n");
  return name;
}

/// A bad name is told before anything is built.
Status check_name(const CompileOptions& options, const std::string& name) {
  const Status status = codegen::check_library_name(name);
  if (status) return status;
  return Error{status.error().code, options.name.empty()
                                        ? status.error().message + "; --name gives another"
                                        : "--name " + options.name + ": " + status.error().message};
}

void explain(const Variants& variants) {
  for (const codegen::VariantInput& input : variants.inputs) {
    fmt::print("{}:\n{}", input.target.name, graph::describe(input.plan));
    for (size_t i = 0; i < input.configs.size(); ++i)
      fmt::print("  config of step {}: {}\n", i, to_text(input.configs[i]));
  }
}

/// Compiles `network`, or where that is null `task`.
Status compile_one(const CompileOptions& options, const std::string& name,
                   const std::string& folder, const graph::Network* network, const Task* task) {
  const Clock::time_point start = Clock::now();
  Progress progress(false);
  TENFOLD_TRY(const double accuracy, parse_accuracy(options.accuracy));
  TENFOLD_TRY(const auto database, open_records(options.databases));
  TENFOLD_TRY(std::vector<Target> targets, variant_targets(options.targets));
  const VariantOptions variant_options{name, std::move(targets), thread_count(options.threads),
                                       accuracy};
  TENFOLD_TRY(Variants variants, network ? plan_network(*network, database.get(), variant_options)
                                         : plan_op(*task, database.get(), variant_options));
  if (options.explain) explain(variants);
  progress.say("tasks: " + variants.coverage.text());
  if (options.require_tuned) TENFOLD_CHECK(autotune::require_tuned(variants.coverage));
  TENFOLD_CHECK(codegen::check_library_folder(folder));
  TENFOLD_CHECK(check_interrupted());

  TENFOLD_TRY(const KernelCache cache, KernelCache::open());
  BuildCounts counts;
  TENFOLD_TRY(std::vector<codegen::Kernel> kernels,
              build_kernels(variants.requests, {.jobs = thread_count(options.jobs)}, cache,
                            progress, counts));
  give_kernels(variants, std::move(kernels));
  TENFOLD_CHECK(check_interrupted());

  TENFOLD_TRY(
      const codegen::LibraryInfo info,
      codegen::emit_library(variants.inputs, {name, folder, options.emit, task != nullptr}));
  cache.prune(cache_limit_bytes);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  progress.say(fmt::format(
      "{}: {} kernels ({} distinct, {} from the cache), library {}, weights {}, in {}", folder,
      info.kernel_count, counts.distinct, counts.cached, bytes_text(info.library_bytes),
      bytes_text(info.weights_bytes), duration_text(seconds)));
  return {};
}

Status compile(const CompileOptions& options) {
  if (options.model.file.empty() == options.ops.empty())
    return Error{ErrorCode::invalid_argument, "compile takes either a MODEL or --op"};
  if (!options.name.empty()) TENFOLD_CHECK(check_name(options, options.name));
  if (options.folder.empty())
    return Error{ErrorCode::invalid_argument, "--output: the folder has no name"};
  TENFOLD_CHECK(variant_targets(options.targets));
  if (options.ops.empty()) {
    const std::string name = options.name.empty()
                                 ? identifier(std::filesystem::path(options.model.file).stem())
                                 : options.name;
    TENFOLD_CHECK(check_name(options, name));
    TENFOLD_TRY(const graph::Network network, load_network(options.model));
    return compile_one(options, name, options.folder, &network, nullptr);
  }
  for (size_t i = 0; i < options.ops.size(); ++i) {
    TENFOLD_TRY(const Task task, parse_operator(options.ops[i]));
    const bool several = options.ops.size() > 1;
    const std::string base = options.name.empty() ? identifier(task.op) : options.name;
    const std::string name = several ? base + std::to_string(i) : base;
    TENFOLD_CHECK(compile_one(options, name, several ? options.folder + "/" + name : options.folder,
                              nullptr, &task));
  }
  return {};
}

}  // namespace

void add_compile(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<CompileOptions>();
  CLI::App* command =
      app.add_subcommand("compile", "Compile a model, or single operators, to native libraries.");
  command->add_option("MODEL", options->model.file, "ONNX model");
  add_repeated(*command, "--op", options->ops,
               "Instead of a model: 'conv2d n=1 h=56 w=56 c=64 k=64 r=3 s=3 pad=1 relu'; each into "
               "a library of its own");
  command->add_option("-o,--output", options->folder, "Folder to make")->required();
  add_model_options(*command, options->model);
  command
      ->add_option("--target", options->targets,
                   "Targets, separated by commas; one library holds them all, and the first that a "
                   "machine runs is taken there, of CPU targets the widest")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command
      ->add_option("--threads", options->threads,
                   "Threads that the library will run with; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command->add_option("--jobs", options->jobs, "Kernels to compile at once; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command
      ->add_option(
          "--accuracy", options->accuracy,
          "strict, default, or the largest relative error that a faster algorithm may bring")
      ->capture_default_str();
  const std::map<std::string, codegen::Emit> emits{{"shared", codegen::Emit::shared},
                                                   {"static", codegen::Emit::static_},
                                                   {"both", codegen::Emit::both}};
  command->add_option("--emit", options->emit, "shared, static or both (the default)")
      ->transform(CLI::CheckedTransformer(emits, CLI::ignore_case));
  command->add_option("--name", options->name,
                      "The library's name, a C identifier (default: from the file's name)");
  command->add_flag("--require-tuned", options->require_tuned,
                    "Fail where a task has no record of this machine");
  command->add_flag("--explain", options->explain, "Print the plan: kernels, configs, memory");
  add_repeated(*command, "--db", options->databases, database_help);
  command->footer(exit_codes_text);
  command->callback([options, &chosen] { chosen = [options] { return compile(*options); }; });
}

}  // namespace tenfold::cli
