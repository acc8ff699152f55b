#include "autotune/database_file.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <sqlite3.h>

#include <cstring>
#include <filesystem>

namespace tenfold::autotune {
namespace {

constexpr int application_id =
    0x74656e66;  // "tenf": tells our files from other programs' databases
constexpr int schema_version = 1;
constexpr int busy_timeout_ms = 10'000;

// A task's text is long and repeated by each of its trials, so it is kept once.
constexpr const char* schema = R"(
  CREATE TABLE tasks (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE devices (name TEXT PRIMARY KEY, l1 INTEGER NOT NULL, l2 INTEGER NOT NULL, l3 INTEGER NOT NULL);
  CREATE TABLE trials (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, task INTEGER NOT NULL REFERENCES tasks(id),
    target TEXT NOT NULL, device TEXT NOT NULL, threads INTEGER NOT NULL, space_version INTEGER NOT NULL,
    compiler TEXT NOT NULL, config TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
    samples BLOB NOT NULL, created INTEGER NOT NULL);
  CREATE INDEX trials_by_task ON trials (task, target);
)";

constexpr const char* schema_fits = R"(
  SELECT sum(type = 'table' AND name IN ('tasks', 'devices', 'trials')) = 3
     AND sum(type NOT IN ('table', 'index')) = 0 FROM sqlite_master)";

// The filter on the task stands apart, so that the usual question, about one task, uses the index.
constexpr const char* select_trials = R"(
  SELECT tasks.text, target, device, threads, space_version, compiler, config, status, reason, samples, created,
         devices.l1, devices.l2, devices.l3
  FROM trials JOIN tasks ON tasks.id = trials.task LEFT JOIN devices ON devices.name = trials.device
  WHERE (?2 = '' OR target = ?2)
    AND (?3 = '' OR device = ?3) AND (?4 = 0 OR threads = ?4) AND (?5 = 0 OR space_version = ?5)
    AND (?6 = '' OR compiler = ?6) AND )";
constexpr const char* of_any_task = "?1 = '' ORDER BY trials.id";
constexpr const char* of_one_task =
    "trials.task = (SELECT id FROM tasks WHERE text = ?1) ORDER BY trials.id";

Error error_of(const std::string& path, const SQLite::Exception& exception) {
  switch (exception.getErrorCode()) {
    case SQLITE_NOTADB:
      return {ErrorCode::corrupt, path + ": not a tenfold database"};
    case SQLITE_CORRUPT:
      return {ErrorCode::corrupt, path + ": the database is damaged"};
    case SQLITE_FULL:
      return {ErrorCode::io, path + ": the disk is full"};
    case SQLITE_BUSY:
      return {ErrorCode::io, path + ": another program keeps the database locked"};
    case SQLITE_READONLY:
      return {ErrorCode::io, path + ": the database can't be written"};
    case SQLITE_CANTOPEN:
      return {ErrorCode::io, path + ": the database can't be opened"};
    default:
      return {ErrorCode::io, path + ": " + exception.what()};
  }
}

template <class F>
auto guarded(const std::string& path, F&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception& exception) {
    return error_of(path, exception);
  }
}

int pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

Status check_schema(SQLite::Database& database, const std::string& path) {
  database.exec("PRAGMA trusted_schema = OFF");
  if (pragma(database, "application_id") != application_id)
    return Error{ErrorCode::corrupt, path + ": not a tenfold database"};
  if (const int version = pragma(database, "user_version"); version != schema_version)
    return Error{ErrorCode::unsupported, path + ": its schema " + std::to_string(version) +
                                             " is not this program's " +
                                             std::to_string(schema_version)};
  // A view in a table's place could run forever, a trigger do anything.
  if (database.execAndGet(schema_fits).getInt() == 0)
    return Error{ErrorCode::corrupt, path + ": its tables are not those of a tenfold database"};
  return {};
}

Status make_schema(SQLite::Database& database, const std::string& path) {
  pragma(database, "schema_version");  // reads the header: a file that is no database fails here,
                                       // before any write
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  const bool fresh = pragma(database, "user_version") == 0 &&
                     pragma(database, "application_id") == 0 &&
                     database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (fresh) {
    database.exec(schema);
    database.exec("PRAGMA application_id = " + std::to_string(application_id));
    database.exec("PRAGMA user_version = " + std::to_string(schema_version));
  }
  TENFOLD_CHECK(check_schema(database, path));
  transaction.commit();
  return {};
}

/// A file: URI that asks for no lock and no log: the last way to read a file in a folder that can't
/// be written.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr const char* digits = "0123456789abcdef";
      uri += {'%', digits[(c >> 4) & 15], digits[c & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

Result<TrialLine> read_row(SQLite::Statement& row) {
  TrialLine line;
  Trial& trial = line.trial;
  trial.key = {.task = row.getColumn(0).getString(),
               .target = row.getColumn(1).getString(),
               .device_name = row.getColumn(2).getString(),
               .compiler = row.getColumn(5).getString()};
  TENFOLD_CHECK(set_counts(trial.key, row.getColumn(3).getInt64(), row.getColumn(4).getInt64()));
  TENFOLD_TRY(trial.config, parse_config(row.getColumn(6).getString()));
  TENFOLD_TRY(trial.status, parse_status(row.getColumn(7).getString()));
  trial.reason = row.getColumn(8).getString();
  const SQLite::Column samples = row.getColumn(9);
  trial.samples_ns.resize(samples.getBytes() / sizeof(int64_t));
  if (!trial.samples_ns.empty())
    std::memcpy(trial.samples_ns.data(), samples.getBlob(),
                trial.samples_ns.size() * sizeof(int64_t));
  trial.created_unix_s = row.getColumn(10).getInt64();
  if (!row.isColumnNull(11))
    line.device = DeviceFacts{trial.key.device_name, row.getColumn(11).getInt64(),
                              row.getColumn(12).getInt64(), row.getColumn(13).getInt64()};
  TENFOLD_CHECK(check_samples(trial));
  return line;
}

}  // namespace

struct DatabaseFile::Connection {
  explicit Connection(SQLite::Database opened)
      : database(std::move(opened)),
        select_all(database, std::string(select_trials) + of_any_task),
        select_task(database, std::string(select_trials) + of_one_task) {}

  SQLite::Database database;
  SQLite::Statement select_all, select_task;
  struct Inserts {
    explicit Inserts(SQLite::Database& database)
        : task(database, "INSERT INTO tasks (text) VALUES (?) ON CONFLICT DO NOTHING"),
          device(database, "INSERT INTO devices VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
          trial(database,
                "INSERT INTO trials (hash, task, target, device, threads, space_version, "
                "compiler, config, "
                "status, reason, samples, created) VALUES "
                "(?, (SELECT id FROM tasks WHERE text = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON "
                "CONFLICT (hash) DO NOTHING") {}
    SQLite::Statement task, device, trial;
  };
  std::unique_ptr<Inserts> inserts;  // null when the file is only read
};

DatabaseFile::DatabaseFile(std::string path, std::unique_ptr<Connection> connection)
    : path_(std::move(path)), connection_(std::move(connection)) {}
DatabaseFile::~DatabaseFile() = default;

Result<std::unique_ptr<DatabaseFile>> DatabaseFile::open(const std::string& path, Mode mode) {
  std::error_code ignored;
  const auto there = std::filesystem::status(path, ignored);
  if (mode == Mode::read && !std::filesystem::exists(there))
    return Error{ErrorCode::not_found, path + ": no such database"};
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
    return Error{ErrorCode::corrupt, path + ": a folder or a device, not a database"};

  const auto connect = [&](const std::string& name, int flags) {
    return guarded(path, [&]() -> Result<std::unique_ptr<DatabaseFile>> {
      SQLite::Database database(name, flags, busy_timeout_ms);
      TENFOLD_CHECK(mode == Mode::write ? make_schema(database, path)
                                        : check_schema(database, path));
      auto connection = std::make_unique<Connection>(std::move(database));
      if (mode == Mode::write)
        connection->inserts = std::make_unique<Connection::Inserts>(connection->database);
      return std::unique_ptr<DatabaseFile>(new DatabaseFile(path, std::move(connection)));
    });
  };
  if (mode == Mode::write) return connect(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  auto opened = connect(path, SQLite::OPEN_READONLY);
  if (opened || opened.error().code != ErrorCode::io) return opened;
  return connect(immutable_uri(path), SQLite::OPEN_READONLY | SQLite::OPEN_URI);
}

Result<int64_t> DatabaseFile::insert(const std::vector<TrialLine>& lines) {
  if (!connection_->inserts)
    return Error{ErrorCode::invalid_argument, path_ + ": opened for reading only"};
  return guarded(path_, [&]() -> Result<int64_t> {
    auto& [task, device, trial] = *connection_->inserts;
    const auto run = [](SQLite::Statement& statement, const auto&... values) {
      statement.reset();
      SQLite::bind(statement, values...);
      return static_cast<int64_t>(statement.exec());
    };
    int64_t added = 0;
    SQLite::Transaction transaction(connection_->database, SQLite::TransactionBehavior::IMMEDIATE);
    for (const TrialLine& line : lines) {
      const TrialKey& key = line.trial.key;
      run(task, key.task);
      if (line.device)
        run(device, key.device_name, line.device->l1_bytes, line.device->l2_bytes,
            line.device->l3_bytes);
      trial.reset();
      SQLite::bind(trial, trial_hash(line.trial), key.task, key.target, key.device_name,
                   key.threads, key.space_version, key.compiler, to_text(line.trial.config),
                   to_string(line.trial.status), line.trial.reason);
      const std::vector<int64_t>& samples = line.trial.samples_ns;
      // An empty blob, unlike a null, needs an address.
      trial.bind(11, samples.empty() ? static_cast<const void*>("") : samples.data(),
                 static_cast<int>(samples.size() * sizeof(int64_t)));
      trial.bind(12, line.trial.created_unix_s);
      added += trial.exec();
    }
    transaction.commit();
    return added;
  });
}

Status DatabaseFile::visit(const TrialKey& key, const std::function<void(TrialLine)>& visit) {
  return guarded(path_, [&]() -> Status {
    SQLite::Statement& select =
        key.task.empty() ? connection_->select_all : connection_->select_task;
    select.reset();
    SQLite::bind(select, key.task, key.target, key.device_name, key.threads, key.space_version,
                 key.compiler);
    Status status;
    while (select.executeStep()) {
      Result<TrialLine> line = read_row(select);
      if (!line) {
        status = Error{ErrorCode::corrupt, path_ + ": " + line.error().message};
        break;
      }
      visit(*std::move(line));
    }
    select.reset();
    return status;
  });
}

}  // namespace tenfold::autotune
