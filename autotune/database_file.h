// DatabaseFile: one SQLite file of trials. A writer uses write-ahead logging: what was acknowledged
// survives a kill of the program. The log is synced when it is merged into the file, not at each
// trial (10 ms each on a cloud disk, half of what a trial takes): a power failure may cost the last
// trials, never the file. A reader never writes, not even beside the file. Every exception of the
// library ends here and becomes an Error that names the file.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autotune/trial_text.h"

namespace tenfold::autotune {

class DatabaseFile {
 public:
  enum class Mode { read, write };

  /// Writing makes the file and its schema where there is none. Errors: not_found, io, corrupt when
  /// the file is something else, unsupported when a newer program made it.
  static Result<std::unique_ptr<DatabaseFile>> open(const std::string& path, Mode mode);
  ~DatabaseFile();

  const std::string& path() const { return path_; }

  /// All or none of them. Returns how many were new.
  Result<int64_t> insert(const std::vector<TrialLine>& lines);

  /// Visits the trials that match the key (empty text and 0 match everything), oldest first.
  Status visit(const TrialKey& key, const std::function<void(TrialLine)>& visit);

 private:
  struct Connection;
  DatabaseFile(std::string path, std::unique_ptr<Connection> connection);
  std::string path_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace tenfold::autotune
