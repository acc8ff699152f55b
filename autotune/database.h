// SqliteDatabase: trials in SQLite files. One file is written (a person's own), any number are read
// beside it (a team's). Records travel as JSON lines (trial_text.h), and merge in any order any
// number of times to the same content.
#pragma once
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "autotune/database_file.h"
#include "autotune/interfaces.h"

namespace tenfold::autotune {

struct DatabaseFiles {
  std::string write;              // made where absent; empty: nothing is written
  std::vector<std::string> read;  // must be there
};

struct DatabaseStats {
  int64_t trials = 0, tasks = 0, tuned_tasks = 0;  // tuned: with a winner of a present space
  std::map<std::string, int64_t> by_status, by_target, by_device;
};

/// One thread at a time.
class SqliteDatabase : public Database {
 public:
  static Result<std::unique_ptr<SqliteDatabase>> open(const DatabaseFiles& files);

  Status insert(const Trial& trial) override;
  Result<std::vector<Trial>> trials(const TrialKey& key) override;
  Result<std::optional<Trial>> best(const TrialKey& key) override;

  /// What is known of the machines that the matching trials come from, by name.
  Result<std::map<std::string, DeviceFacts>> devices(const TrialKey& key = any_key());
  Result<DatabaseStats> stats();

  /// Every trial as a line, sorted, each once.
  Status export_lines(std::ostream& out);

  struct Imported {
    int64_t lines = 0, added = 0;
  };
  /// All lines or none. `name` stands for the source in messages. Errors: corrupt, with the line's
  /// number.
  Result<Imported> import_lines(std::istream& in, const std::string& name);

 private:
  SqliteDatabase() = default;
  /// Each distinct trial that matches, over all files.
  Result<std::vector<TrialLine>> lines(const TrialKey& key);

  std::vector<std::unique_ptr<DatabaseFile>> files_;  // the written one first, where there is one
  bool writable_ = false;
  DeviceFacts here_;
};

}  // namespace tenfold::autotune
