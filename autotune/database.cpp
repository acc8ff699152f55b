#include "autotune/database.h"

#include <istream>
#include <ostream>
#include <set>

#include "autotune/winner.h"

namespace tenfold::autotune {
namespace {

bool of_a_present_space(const Trial& trial) {
  const auto space = schedules::find_space(trial.config.algorithm);
  return space && (*space)->version == trial.key.space_version;
}

std::optional<Trial> present_winner(std::vector<Trial> trials) {
  std::erase_if(trials, [](const Trial& trial) { return !of_a_present_space(trial); });
  return winner(trials);
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const DatabaseFiles& files) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase);
  database->here_ = this_cpu();
  if (!files.write.empty()) {
    TENFOLD_TRY(auto file, DatabaseFile::open(files.write, DatabaseFile::Mode::write));
    database->files_.push_back(std::move(file));
    database->writable_ = true;
  }
  for (const std::string& path : files.read) {
    TENFOLD_TRY(auto file, DatabaseFile::open(path, DatabaseFile::Mode::read));
    database->files_.push_back(std::move(file));
  }
  return database;
}

Status SqliteDatabase::insert(const Trial& trial) {
  if (!writable_) return Error{ErrorCode::invalid_argument, "no database was opened for writing"};
  TrialLine line{trial, std::nullopt};
  if (trial.key.device_name == here_.device_name) line.device = here_;
  TENFOLD_CHECK(files_.front()->insert({line}));
  return {};
}

Result<std::vector<TrialLine>> SqliteDatabase::lines(const TrialKey& key) {
  std::vector<TrialLine> found;
  std::set<std::string> seen;
  for (const auto& file : files_)
    TENFOLD_CHECK(file->visit(key, [&](TrialLine line) {
      if (files_.size() == 1 || seen.insert(trial_hash(line.trial)).second)
        found.push_back(std::move(line));
    }));
  return found;
}

Result<std::vector<Trial>> SqliteDatabase::trials(const TrialKey& key) {
  TENFOLD_TRY(std::vector<TrialLine> found, lines(key));
  std::vector<Trial> trials;
  trials.reserve(found.size());
  for (TrialLine& line : found) trials.push_back(std::move(line.trial));
  return trials;
}

Result<std::optional<Trial>> SqliteDatabase::best(const TrialKey& key) {
  TENFOLD_TRY(std::vector<Trial> found, trials(key));
  return present_winner(std::move(found));
}

Result<std::map<std::string, DeviceFacts>> SqliteDatabase::devices(const TrialKey& key) {
  TENFOLD_TRY(const std::vector<TrialLine> found, lines(key));
  std::map<std::string, DeviceFacts> devices;
  for (const TrialLine& line : found)
    if (line.device) devices.emplace(line.device->device_name, *line.device);
  return devices;
}

Result<DatabaseStats> SqliteDatabase::stats() {
  TENFOLD_TRY(std::vector<Trial> all, trials(any_key()));
  DatabaseStats stats;
  std::map<std::string, std::vector<Trial>> by_task;
  for (Trial& trial : all) {
    ++stats.trials;
    ++stats.by_status[to_string(trial.status)];
    ++stats.by_target[trial.key.target];
    ++stats.by_device[trial.key.device_name];
    by_task[trial.key.task].push_back(std::move(trial));
  }
  stats.tasks = static_cast<int64_t>(by_task.size());
  for (auto& [task, trials] : by_task)
    stats.tuned_tasks += present_winner(std::move(trials)).has_value();
  return stats;
}

Status SqliteDatabase::export_lines(std::ostream& out) {
  TENFOLD_TRY(const std::vector<TrialLine> found, lines(any_key()));
  std::set<std::string> sorted;
  for (const TrialLine& line : found) sorted.insert(to_line(line.trial, line.device));
  for (const std::string& line : sorted) out << line << '\n';
  if (!out.flush()) return Error{ErrorCode::io, "the export can't be written"};
  return {};
}

Result<SqliteDatabase::Imported> SqliteDatabase::import_lines(std::istream& in,
                                                              const std::string& name) {
  if (!writable_) return Error{ErrorCode::invalid_argument, "no database was opened for writing"};
  std::vector<TrialLine> lines;
  Imported imported;
  for (std::string text; std::getline(in, text);) {
    ++imported.lines;
    if (text.empty()) continue;
    auto line = parse_line(text);
    if (!line)
      return Error{line.error().code,
                   name + ":" + std::to_string(imported.lines) + ": " + line.error().message};
    lines.push_back(*std::move(line));
  }
  TENFOLD_TRY(imported.added, files_.front()->insert(lines));
  return imported;
}

}  // namespace tenfold::autotune
