// tenfold bench: a compiled network, alone or against other engines; single operators; a suite of
// operators.
#include <charconv>
#include <memory>
#include <sstream>

#include "cli/bench_network.h"
#include "cli/bench_suite.h"
#include "cli/command.h"
#include "cli/records.h"

namespace tenfold::cli {
namespace {

struct Options {
  NetworkBench network;
  SuiteBench suite;
  std::string json, threads;
  double seconds = 0;  // 0: not given
};

constexpr int most_threads = 1024;
constexpr double network_seconds = 3, operator_seconds = 0.4;

/// "1,2": one or several counts; empty or 0: one a core.
Result<std::vector<int>> parse_threads(const std::string& text) {
  std::vector<int> counts;
  std::istringstream stream(text.empty() ? "0" : text);
  for (std::string part; std::getline(stream, part, ',');) {
    int count = -1;
    const auto [end, status] = std::from_chars(part.data(), part.data() + part.size(), count);
    if (status != std::errc() || end != part.data() + part.size() || count < 0 ||
        count > most_threads)
      return Error{ErrorCode::invalid_argument,
                   "--threads " + text + ": expected counts from 0 to 1024, as in 1,2"};
    counts.push_back(thread_count(count));
  }
  return counts;
}

Status check_subject(const Options& options) {
  const int subjects =
      !options.network.folder.empty() + !options.suite.specs.empty() + !options.suite.suite.empty();
  if (subjects != 1)
    return Error{ErrorCode::invalid_argument, "bench takes one of a DIR, --op and --suite"};
  if (!options.suite.filter.empty() && options.suite.suite.empty())
    return Error{ErrorCode::invalid_argument, "--filter needs --suite"};
  return {};
}

Status bench(Options options) {
  TENFOLD_CHECK(check_subject(options));
  TENFOLD_TRY(const std::vector<int> threads, parse_threads(options.threads));
  if (options.network.folder.empty()) {
    SuiteBench& suite = options.suite;
    suite.threads = threads;
    suite.json = options.json;
    suite.bench.against = options.network.against;
    suite.bench.seed = options.network.seed;
    if (!options.network.target.empty()) suite.bench.target = options.network.target;
    suite.bench.seconds = options.seconds > 0 ? options.seconds : operator_seconds;
    return bench_suite(suite);
  }
  if (threads.size() != 1)
    return Error{ErrorCode::invalid_argument, "--threads: a network takes one count"};
  options.network.threads = threads[0];
  options.network.json = options.json;
  options.network.seconds = options.seconds > 0 ? options.seconds : network_seconds;
  if (!options.network.against.empty() && options.network.model.empty())
    return Error{ErrorCode::invalid_argument,
                 "--against needs --model: what the other engines load"};
  return bench_network(options.network);
}

void add_operator_options(CLI::App& command, SuiteBench& suite) {
  OperatorBenchOptions& bench = suite.bench;
  add_repeated(command, "--op", suite.specs,
               "Instead of a folder: 'conv2d n=1 h=56 w=56 c=64 k=64 r=3 s=3 pad=1 relu'");
  command.add_option("--suite", suite.suite,
                     "Instead of a folder: all problems of bench/shapes (ops), with the machine's "
                     "peaks beside them");
  command.add_option(
      "--filter", suite.filter,
      "With --suite: only problems whose family or text this regular expression finds");
  add_repeated(command, "--db", bench.databases,
               "With --op and --suite, the configs to measure; --tune writes to the first. " +
                   std::string(database_help));
  command
      .add_option(
          "--tune", bench.trials,
          "With --op and --suite: tune with so many trials a problem and thread count first")
      ->check(positive());
  command.add_option("--config", bench.config, "With --op and --suite: measure this config");
  command.add_option("--space", bench.space,
                     "With --op and --suite: measure this search space's default");
  command.add_option("--keep-object", bench.keep_object,
                     "With --op: copy the kernel's object there, to be read with objdump");
}

}  // namespace

void add_bench(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<Options>();
  NetworkBench& network = options->network;
  CLI::App* command = app.add_subcommand(
      "bench",
      "Time a compiled network, alone or side by side with other engines; or operators.\n"
      "Ctrl-C ends a suite with the problems that are done.");
  command->add_option("DIR", network.folder, "Folder that `tenfold compile` made");
  add_operator_options(*command, options->suite);
  command->add_option(
      "--threads", options->threads,
      "Threads of every engine; 0: one a core. With --op and --suite also several: 1,2");
  command
      ->add_option("--against", network.against,
                   "Engines to time in turn with ours: onnxruntime,openvino,mnn; for operators "
                   "onednn too")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("ENGINE,ENGINE");
  command->add_option("--model", network.model, "With DIR: the ONNX model, for --against");
  add_repeated(*command, "--input", network.inputs,
               "With DIR: NAME=FILE.npy; inputs that are not given are random");
  command->add_option("--seed", network.seed, "Seed of the random inputs")->capture_default_str();
  command
      ->add_option("--seconds", options->seconds,
                   "Time to spend, all engines together (default: 3; with --op and --suite 0.4 for "
                   "each problem and thread count)")
      ->check(CLI::Range(0.01, 3600.0));
  command->add_option("--target", network.target,
                      "With DIR: run this variant of the library instead of the best one. With "
                      "--op and --suite: compile for this one (default: host)");
  command->add_flag("--layers", network.layers, "With DIR: time every step too");
  command->add_option("--json", options->json,
                      "Write the figures as JSON to this file; - is standard output");
  command->footer(exit_codes_text);
  command->callback([options, &chosen] { chosen = [options] { return bench(*options); }; });
}

}  // namespace tenfold::cli
