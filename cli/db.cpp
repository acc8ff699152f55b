// tenfold db: what is in the record databases; export to and import from JSON lines; the best
// record of a task.
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "autotune/database.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/paths.h"

namespace tenfold::cli {
namespace {

using autotune::SqliteDatabase;
using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> databases, files;
  std::string json, output, task, target;
  int threads = 0;
};

using Opened = std::unique_ptr<SqliteDatabase>;

Result<Opened> open_to_read(const Options& options) {
  TENFOLD_TRY(const auto paths, database_paths(options.databases));
  return SqliteDatabase::open({.write = "", .read = paths});
}

Status stats(const Options& options) {
  TENFOLD_TRY(const auto paths, database_paths(options.databases));
  TENFOLD_TRY(const Opened database, open_to_read(options));
  TENFOLD_TRY(const auto stats, database->stats());
  if (!options.json.empty()) {
    const Json json{{"databases", paths},           {"trials", stats.trials},
                    {"tasks", stats.tasks},         {"tuned_tasks", stats.tuned_tasks},
                    {"by_status", stats.by_status}, {"by_target", stats.by_target},
                    {"by_device", stats.by_device}};
    TENFOLD_CHECK(write_text(options.json, json.dump(2) + "\n"));
    if (options.json == "-") return {};
  }
  for (const std::string& path : paths) fmt::print("database  {}\n", path);
  fmt::print("trials    {}\ntasks     {}, {} of them tuned\n", stats.trials, stats.tasks,
             stats.tuned_tasks);
  const auto rows = [](const char* title, const std::map<std::string, int64_t>& counts) {
    for (const auto& [name, count] : counts) fmt::print("{}  {}  {}\n", title, count, name);
  };
  rows("status  ", stats.by_status);
  rows("target  ", stats.by_target);
  rows("device  ", stats.by_device);
  return {};
}

Status export_records(const Options& options) {
  TENFOLD_TRY(const Opened database, open_to_read(options));
  std::ostringstream text;
  TENFOLD_CHECK(database->export_lines(text));
  return write_text(options.output, text.str());
}

Status import_records(const Options& options) {
  TENFOLD_TRY(const auto paths, database_paths(options.databases));
  for (const std::string& file : options.files)
    if (std::error_code failed; !std::filesystem::is_regular_file(file, failed))
      return Error{ErrorCode::not_found, file + ": no such file"};
  TENFOLD_TRY(const Opened database,
              SqliteDatabase::open({.write = paths[0], .read = {paths.begin() + 1, paths.end()}}));
  for (const std::string& file : options.files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return Error{ErrorCode::io, file + ": can't be read"};
    TENFOLD_TRY(const auto imported, database->import_lines(in, file));
    fmt::print("{}: {} trials, {} new in {}\n", file, imported.lines, imported.added, paths[0]);
  }
  return {};
}

Status best(const Options& options) {
  TENFOLD_TRY(const Opened database, open_to_read(options));
  autotune::TrialKey key{
      .task = options.task, .target = options.target, .threads = options.threads};
  TENFOLD_TRY(const auto trials, database->trials(key));
  std::map<autotune::TrialKey, bool> keys;
  for (const autotune::Trial& trial : trials) keys[trial.key] = true;

  Json rows = Json::array();
  for (const auto& [found, unused] : keys) {
    TENFOLD_TRY(const auto winner, database->best(found));
    if (!winner || winner->key != found) continue;
    rows.push_back(Json{{"task", found.task},
                        {"target", found.target},
                        {"device", found.device_name},
                        {"threads", found.threads},
                        {"config", to_text(winner->config)},
                        {"median_ms", winner->median_ns() / 1e6}});
  }
  if (!options.json.empty()) {
    TENFOLD_CHECK(write_text(options.json, rows.dump(2) + "\n"));
    if (options.json == "-") return {};
  }
  for (const Json& row : rows)
    fmt::print("{:9.4f} ms  {}  {} threads  {}\n    {}\n    {}\n", row["median_ms"].get<double>(),
               row["target"].get<std::string>(), row["threads"].get<int>(),
               row["device"].get<std::string>(), row["task"].get<std::string>(),
               row["config"].get<std::string>());
  if (rows.empty()) return Error{ErrorCode::not_found, "no record matches"};
  return {};
}

}  // namespace

void add_db(CLI::App& app, Run& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* db = app.add_subcommand("db", "Look into, export, import and merge tuning records.");
  db->require_subcommand(1);
  db->footer(exit_codes_text);
  const auto part = [&](const char* name, const char* help, Status (*run)(const Options&)) {
    CLI::App* command = db->add_subcommand(name, help);
    add_repeated(*command, "--db", options->databases,
                 "Database; may be given several times (default: records.sqlite in the user's "
                 "cache folder)");
    command->footer(exit_codes_text);
    command->callback(
        [options, run, &chosen] { chosen = [options, run] { return run(*options); }; });
    return command;
  };
  CLI::App* command = part("stats", "Count trials by status, target and device.", stats);
  command->add_option("--json", options->json,
                      "Write the counts as JSON to this file; - is standard output");
  command =
      part("export", "Write every trial as a line of JSON, sorted, each once.", export_records);
  command->add_option("-o,--output", options->output, "File to write; - is standard output")
      ->default_str("-");
  options->output = "-";
  command = part("import", "Add the trials of JSON lines files to the first --db.", import_records);
  command->add_option("FILE", options->files, "Files that `tenfold db export` wrote")->required();
  command = part("best", "Print the best config of each task.", best);
  command->add_option("--task", options->task, "Only this task's text");
  command->add_option("--target", options->target, "Only this target");
  command->add_option("--threads", options->threads, "Only this thread count");
  command->add_option("--json", options->json,
                      "Write the rows as JSON to this file; - is standard output");
}

}  // namespace tenfold::cli
