// tenfold bench: a compiled network, alone or against other engines; or one operator.
#include <memory>

#include "cli/bench_network.h"
#include "cli/bench_op.h"
#include "cli/command.h"
#include "cli/records.h"

namespace tenfold::cli {
namespace {

struct Options {
  NetworkBench network;
  OpBench op;
  std::string json;
  int threads = 0;
};

Status bench(Options options) {
  if (options.network.folder.empty() == options.op.specs.empty())
    return Error{ErrorCode::invalid_argument, "bench takes either a DIR or --op"};
  options.network.threads = options.op.threads = thread_count(options.threads);
  options.network.json = options.op.json = options.json;
  if (!options.op.specs.empty()) return bench_op(options.op);
  if (!options.network.against.empty() && options.network.model.empty())
    return Error{ErrorCode::invalid_argument,
                 "--against needs --model: what the other engines load"};
  return bench_network(options.network);
}

}  // namespace

void add_bench(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<Options>();
  NetworkBench& network = options->network;
  CLI::App* command = app.add_subcommand(
      "bench",
      "Time a compiled network, alone or side by side with other engines; or one operator.");
  command->add_option("DIR", network.folder, "Folder that `tenfold compile` made");
  add_repeated(*command, "--op", options->op.specs,
               "Instead of a folder: 'conv2d n=1 h=56 w=56 c=64 k=64 r=3 s=3 pad=1 relu'");
  command->add_option("--threads", options->threads, "Threads of every engine; 0: one a core")
      ->check(CLI::Range(0, 1024));
  command
      ->add_option("--against", network.against,
                   "Engines to time in turn with ours: onnxruntime,openvino,mnn")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--model", network.model, "The ONNX model, for --against");
  add_repeated(*command, "--input", network.inputs,
               "NAME=FILE.npy; inputs that are not given are random");
  command->add_option("--seed", network.seed, "Seed of the random inputs")->capture_default_str();
  command->add_option("--seconds", network.seconds, "Time to spend, all engines together")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  command->add_option("--target", network.target,
                      "Run this variant of the library instead of the best one");
  command->add_flag("--layers", network.layers, "Time every step too");
  add_repeated(*command, "--db", options->op.databases, "With --op: " + std::string(database_help));
  command->add_option("--json", options->json,
                      "Write the figures as JSON to this file; - is standard output");
  command->footer(exit_codes_text);
  command->callback([options, &chosen] { chosen = [options] { return bench(*options); }; });
}

}  // namespace tenfold::cli
