// The record databases of a command.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "autotune/database.h"

namespace tenfold::cli {

inline constexpr const char* database_help =
    "Database of tuning records; may be given several times (default: records.sqlite in the user's "
    "cache folder)";

/// Opens databases for reading. Null when none is given and the default one is not there yet.
/// Errors: those of the databases.
Result<std::unique_ptr<autotune::SqliteDatabase>> open_records(
    const std::vector<std::string>& given);

/// --threads as given, or one a core that this process may use when it is 0.
int thread_count(int given);

}  // namespace tenfold::cli
