// Times a compiled network, alone or side by side with other engines on the same input: each engine
// in a process of its own, in rounds, so that what disturbs the machine disturbs all of them.
#include "cli/bench_network.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include "base/target.h"
#include "cli/arrays.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/npy.h"
#include "cli/paths.h"
#include "cli/peers.h"
#include "cli/progress.h"
#include "cli/series.h"

namespace tenfold::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Contender {
  Child process;
  nlohmann::json loaded;         // by its last process
  std::vector<double> load_ms;   // of several processes, one after the other
  std::vector<double> first_ms;  // load to first result, of the same
  std::vector<double> ms;
  std::vector<double> round_medians;
  double max_abs_difference = 0;  // of our outputs from this engine's
};

Result<nlohmann::json> load(Child& process, const std::string& subject, const nlohmann::json& files,
                            const std::vector<std::string>& outputs, const std::string& target,
                            int threads, const std::string& folder) {
  return process.call({{"load", subject},
                       {"inputs", files},
                       {"outputs", outputs},
                       {"target", target},
                       {"threads", threads},
                       {"folder", folder}});
}

/// How often an engine is started to time its load: one start alone may meet anything.
constexpr int own_starts = 5, peer_starts = 3;

/// Starts an engine that often, loads the network in each process, and keeps the last.
Result<Contender> start(const std::function<Result<Child>()>& start_process, int starts,
                        const std::function<Result<nlohmann::json>(Child&)>& load_network) {
  std::vector<double> load_ms, first_ms;
  for (int i = 1;; ++i) {
    TENFOLD_TRY(Child process, start_process());
    TENFOLD_TRY(nlohmann::json loaded, load_network(process));
    load_ms.push_back(loaded["load_ms"].get<double>());
    first_ms.push_back(loaded["first_ms"].get<double>());
    if (i == starts)
      return Contender{std::move(process), std::move(loaded), load_ms, first_ms, {}, {}, 0};
  }
}

/// Largest |difference| between our outputs and another engine's.
Result<double> difference(const nlohmann::json& ours, const nlohmann::json& theirs) {
  double worst = 0;
  for (const auto& [name, file] : ours.items()) {
    if (!theirs.contains(name)) return Error{ErrorCode::failed, "no output '" + name + "'"};
    TENFOLD_TRY(const Array got, read_npy(file.get<std::string>()));
    TENFOLD_TRY(const Array want, read_npy(theirs[name].get<std::string>()));
    TENFOLD_TRY(const Difference found, compare(got, want));
    worst = std::max(worst, found.max_abs);
  }
  return worst;
}

Status time_rounds(std::vector<Contender>& contenders, double seconds, Progress& progress) {
  // A round gives each contender about a thirtieth of its time, and at least one run.
  std::vector<int> runs;
  for (Contender& contender : contenders) {
    TENFOLD_TRY(const nlohmann::json warm, contender.process.call({{"runs", 3}}));
    const double ms = quantile(warm["ms"].get<std::vector<double>>(), 0.5);
    const double share_ms = seconds * 1e3 / 30 / static_cast<double>(contenders.size());
    runs.push_back(std::clamp(static_cast<int>(share_ms / ms), 2, 1000));
  }
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0;; ++round) {
    for (size_t i = 0; i < contenders.size(); ++i) {
      Contender& contender = contenders[i];
      TENFOLD_TRY(const nlohmann::json answer, contender.process.call({{"runs", runs[i]}}));
      auto ms = answer["ms"].get<std::vector<double>>();
      if (contenders.size() > 1)
        ms.erase(ms.begin());  // the first finds the others' data in the caches
      contender.ms.insert(contender.ms.end(), ms.begin(), ms.end());
      contender.round_medians.push_back(quantile(ms, 0.5));
    }
    const double spent =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.show(fmt::format("round {}: {:.3f} ms, {} left", round + 1,
                              contenders[0].round_medians.back(),
                              duration_text(std::max(0.0, seconds - spent))));
    if (round >= 4 && spent >= seconds) return {};
  }
}

Json times(const Contender& contender) {
  return {{"median_ms", quantile(contender.ms, 0.5)},
          {"min_ms", quantile(contender.ms, 0)},
          {"p10_ms", quantile(contender.ms, 0.1)},
          {"p90_ms", quantile(contender.ms, 0.9)},
          {"runs", contender.ms.size()},
          {"load_ms", quantile(contender.load_ms, 0.5)},
          {"first_result_ms", quantile(contender.first_ms, 0.5)}};
}

int64_t size_of(const std::filesystem::path& folder, const std::vector<std::string>& suffixes) {
  int64_t total = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed))
    for (const std::string& suffix : suffixes)
      if (entry.is_regular_file(failed) && entry.path().extension() == suffix)
        total += static_cast<int64_t>(entry.file_size(failed));
  return total;
}

/// What is measured is said all the same; then the command fails.
Status first_failure(const std::vector<std::pair<std::string, Error>>& failures) {
  if (failures.empty()) return {};
  return Error{failures[0].second.code, failures[0].first + ": " + failures[0].second.message};
}

void print(const Json& row) {
  fmt::print("{:<12} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.1f} {:>9.1f}",
             row["engine"].get<std::string>(), row["median_ms"].get<double>(),
             row["min_ms"].get<double>(), row["p90_ms"].get<double>(), row["load_ms"].get<double>(),
             row["first_result_ms"].get<double>());
  if (row.contains("max_abs_difference"))
    fmt::print("  {:>6.2f}x  {:.3g}", row["ratio"].get<double>(),
               row["max_abs_difference"].get<double>());
  fmt::print("\n");
}

void print_layers(const Json& layers, size_t longest) {
  double total = 0;
  for (const Json& layer : layers) total += layer["ms"].get<double>();
  fmt::print("\n{:>9} {:>6}  step\n", "ms", "%");
  for (size_t i = 0; i < layers.size() && i < longest; ++i) {
    const double ms = layers[i]["ms"];
    fmt::print("{:9.4f} {:6.1f}  {}  [{}]\n", ms, 100 * ms / total,
               layers[i]["name"].get<std::string>(), layers[i]["config"].get<std::string>());
  }
  fmt::print("{:9.4f} {:6.1f}  in {} steps, timed one by one\n", total, 100.0, layers.size());
}

}  // namespace

Status bench_network(const NetworkBench& options) {
  Progress progress(options.json == "-");
  TENFOLD_TRY(const ScratchFolder folder, ScratchFolder::make());
  std::vector<PortInfo> inputs, outputs;
  nlohmann::json files;
  {
    TENFOLD_TRY(const Session session, Session::open(options.folder, options.target, 1));
    inputs = session.inputs();
    outputs = session.outputs();
    TENFOLD_TRY(const auto arrays, read_or_make_inputs(inputs, options.inputs, options.seed));
    TENFOLD_TRY(files, write_inputs(folder.path(), inputs, arrays));
  }
  std::vector<std::string> output_names;
  for (const PortInfo& port : outputs) output_names.push_back(port.name);

  std::vector<Contender> contenders;
  TENFOLD_TRY(const std::string worker, sibling_program("tenfold-bench-worker"));
  const auto loading = [&](const std::string& subject) {
    return [&, subject](Child& process) {
      return load(process, subject, files, output_names, options.target, options.threads,
                  folder.path());
    };
  };
  TENFOLD_TRY(Contender ours, start([&] { return Child::start("tenfold", {worker}); }, own_starts,
                                    loading(options.folder)));
  contenders.push_back(std::move(ours));
  std::vector<std::pair<std::string, Error>> failures;  // engines that do not run this model
  for (const std::string& peer : options.against) {
    auto contender = start([&] { return start_peer(peer); }, peer_starts, loading(options.model));
    if (!contender && (contender.error().code == ErrorCode::unavailable || interrupted()))
      return contender.error();
    const Result<double> worst =
        contender ? difference(contenders[0].loaded["outputs"], contender->loaded["outputs"])
                  : Result<double>(contender.error());
    if (!worst) {
      failures.emplace_back(peer, worst.error());
      continue;
    }
    contender->max_abs_difference = *worst;
    contenders.push_back(*std::move(contender));
  }
  TENFOLD_CHECK(time_rounds(contenders, options.seconds, progress));

  TENFOLD_TRY(const nlohmann::json memory, contenders[0].process.call({{"memory", 1}}));
  Json json{{"library", options.folder},
            {"target", contenders[0].loaded["target"]},
            {"threads", options.threads},
            {"cpu", cpu_name()}};
  json.update(times(contenders[0]));
  for (const auto& [key, value] : memory.items()) json[key] = value;
  json["library_bytes"] = size_of(options.folder, {".so"});
  json["static_library_bytes"] = size_of(options.folder, {".a"});
  json["weights_file_bytes"] = size_of(options.folder, {".weights"});
  json["runtime_bytes"] = contenders[0].loaded["runtime_bytes"];
  Json rows = Json::array();
  for (Contender& contender : contenders) {
    Json row{{"engine", contender.process.name()},
             {"version", contender.loaded.value("version", "")}};
    row.update(times(contender));
    if (&contender != &contenders[0]) {
      std::vector<double> ratios;
      for (size_t i = 0; i < contender.round_medians.size(); ++i)
        ratios.push_back(contender.round_medians[i] / contenders[0].round_medians[i]);
      row["ratio"] = quantile(ratios, 0.5);
      row["ratio_p10"] = quantile(ratios, 0.1);
      row["ratio_p90"] = quantile(ratios, 0.9);
      row["max_abs_difference"] = contender.max_abs_difference;
    }
    rows.push_back(std::move(row));
  }
  for (const auto& [peer, error] : failures)
    rows.push_back({{"engine", peer}, {"median_ms", nullptr}, {"reason", error.message}});
  if (!options.against.empty()) json["engines"] = rows;
  if (options.layers) {
    TENFOLD_TRY(const nlohmann::json answer, contenders[0].process.call({{"layers", 15}}));
    json["layers"] = answer["layers"];
  }

  if (!options.json.empty()) TENFOLD_CHECK(write_text(options.json, json.dump(2) + "\n"));
  if (options.json == "-") return first_failure(failures);
  progress.say(fmt::format("{} on {}, {} thread{}, {}", options.folder,
                           json["target"].get<std::string>(), options.threads,
                           options.threads == 1 ? "" : "s", cpu_name()));
  fmt::print("{:<12} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "median ms", "min ms", "p90 ms", "load ms",
             "first ms");
  fmt::print("{}\n", options.against.empty() ? "" : "  ratio   max difference");
  for (const Json& row : rows)
    if (!row["median_ms"].is_null()) print(row);
  fmt::print("library {}, weights {}, runtime {}, peak memory {}\n",
             bytes_text(json["library_bytes"]), bytes_text(json["weights_file_bytes"]),
             bytes_text(json["runtime_bytes"]), bytes_text(json["peak_rss_bytes"]));
  if (options.layers) print_layers(json["layers"], json["layers"].size());
  return first_failure(failures);
}

}  // namespace tenfold::cli
