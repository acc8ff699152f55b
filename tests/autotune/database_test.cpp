#include "autotune/database.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "autotune/winner.h"
#include "tests/autotune/support.h"

namespace tenfold::autotune {
namespace {

std::unique_ptr<SqliteDatabase> open_or_fail(const DatabaseFiles& files) {
  auto database = SqliteDatabase::open(files);
  EXPECT_TRUE(database) << database.error().message;
  return database ? *std::move(database) : nullptr;
}

std::string exported(SqliteDatabase& database) {
  std::ostringstream out;
  EXPECT_TRUE(database.export_lines(out));
  return out.str();
}

void sql(const std::string& path, const char* text) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, text, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
}

TEST(Database, KeepsWhatItIsGiven) {
  const Folder folder;
  const Trial good = example_trial(1);
  const Trial bad =
      failed_trial(TrialStatus::wrong_result, "output 0[0,0]: got nan, want \"1\"", 2);
  {
    auto database = open_or_fail({folder.file("db"), {}});
    ASSERT_TRUE(database->insert(good));
    ASSERT_TRUE(database->insert(bad));
    ASSERT_TRUE(database->insert(good));  // the same trial is kept once
  }
  auto database = open_or_fail({folder.file("db"), {}});
  const auto trials = database->trials(good.key);
  ASSERT_TRUE(trials);
  ASSERT_EQ(trials->size(), 2u);
  EXPECT_EQ(to_line((*trials)[0]), to_line(good));
  EXPECT_EQ(to_line((*trials)[1]), to_line(bad));
}

TEST(Database, FindsByEveryPartOfTheKey) {
  const Folder folder;
  auto database = open_or_fail({folder.file("db"), {}});
  const Trial trial = example_trial();
  ASSERT_TRUE(database->insert(trial));
  EXPECT_EQ(database->trials(any_key())->size(), 1u);
  const auto found = [&](auto change) {
    TrialKey key = trial.key;
    change(key);
    return database->trials(key)->size();
  };
  EXPECT_EQ(found([](TrialKey&) {}), 1u);
  EXPECT_EQ(found([](TrialKey& key) { key.space_version = 0; }), 1u);
  EXPECT_EQ(found([](TrialKey& key) { key.device_name.clear(); }), 1u);
  EXPECT_EQ(found([](TrialKey& key) { key.task += "x"; }), 0u);
  EXPECT_EQ(found([](TrialKey& key) { key.target = "cuda-sm80"; }), 0u);
  EXPECT_EQ(found([](TrialKey& key) { key.device_name = "Other"; }), 0u);
  EXPECT_EQ(found([](TrialKey& key) { key.threads = 1; }), 0u);
  EXPECT_EQ(found([](TrialKey& key) { key.space_version = 2; }), 0u);
  EXPECT_EQ(found([](TrialKey& key) { key.compiler = "other"; }), 0u);
}

TEST(Database, LosesNothingThatWasAcknowledgedWhenTheWriterIsKilled) {
  const Folder folder;
  for (int round = 0; round < 5; ++round) {
    int acknowledged[2];
    ASSERT_EQ(pipe(acknowledged), 0);
    const pid_t writer = fork();
    if (writer == 0) {
      auto database = SqliteDatabase::open({folder.file("db"), {}});
      for (int64_t i = 0;; ++i) {
        if (!database || !(*database)->insert(example_trial(round * 100'000 + i))) _exit(1);
        if (write(acknowledged[1], &i, sizeof i) != sizeof i) _exit(1);
      }
    }
    close(acknowledged[1]);
    int64_t last = -1;
    while (last < 20 + round)
      ASSERT_EQ(read(acknowledged[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    for (int64_t i; read(acknowledged[0], &i, sizeof i) == sizeof i;) last = i;
    close(acknowledged[0]);

    auto database = open_or_fail({folder.file("db"), {}});
    std::set<int64_t> present;
    const auto trials = database->trials(any_key());
    ASSERT_TRUE(trials);
    for (const Trial& trial : *trials) present.insert(trial.config.at("a"));
    for (int64_t i = 0; i <= last; ++i)
      EXPECT_TRUE(present.contains(round * 100'000 + i)) << round << ' ' << i;
  }
}

TEST(Database, TwoWritersWaitForEachOther) {
  const Folder folder;
  constexpr int each = 40;
  open_or_fail({folder.file("db"), {}});
  pid_t writers[2];
  for (int w = 0; w < 2; ++w)
    if ((writers[w] = fork()) == 0) {
      auto database = SqliteDatabase::open({folder.file("db"), {}});
      for (int i = 0; database && i < each; ++i)
        if (!(*database)->insert(example_trial(w * each + i))) _exit(1);
      _exit(database ? 0 : 1);
    }
  for (const pid_t writer : writers) {
    int status = -1;
    waitpid(writer, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(open_or_fail({folder.file("db"), {}})->trials(any_key())->size(), 2u * each);
}

TEST(Database, MergesInAnyOrderAnyNumberOfTimes) {
  const Folder folder;
  auto a = open_or_fail({folder.file("a"), {}}), b = open_or_fail({folder.file("b"), {}});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(a->insert(example_trial(i)));
  for (int i = 3; i < 9; ++i) ASSERT_TRUE(b->insert(example_trial(i)));
  const std::string lines_a = exported(*a), lines_b = exported(*b);
  const auto merged = [&](const char* name, const std::vector<std::string>& texts) {
    auto database = open_or_fail({folder.file(name), {}});
    for (const std::string& text : texts) {
      std::istringstream in(text);
      EXPECT_TRUE(database->import_lines(in, "lines"));
    }
    return exported(*database);
  };
  const std::string ab = merged("ab", {lines_a, lines_b});
  EXPECT_EQ(ab, merged("bab", {lines_b, lines_a, lines_b}));
  EXPECT_EQ(std::count(ab.begin(), ab.end(), '\n'), 9);
}

TEST(Database, ImportsAllLinesOrNone) {
  const Folder folder;
  auto database = open_or_fail({folder.file("db"), {}});
  for (const char* bad : {"{}", "nonsense", "[1]", R"({"task":1})"}) {
    std::istringstream in(to_line(example_trial()) + "\n" + bad + "\n");
    const auto imported = database->import_lines(in, "records.jsonl");
    ASSERT_FALSE(imported) << bad;
    EXPECT_EQ(imported.error().code, ErrorCode::corrupt);
    EXPECT_TRUE(imported.error().message.starts_with("records.jsonl:2: "))
        << imported.error().message;
  }
  EXPECT_TRUE(database->trials(any_key())->empty());
}

TEST(Database, ReadsOthersWithoutWritingThem) {
  const Folder folder;
  {
    auto team = open_or_fail({folder.file("team"), {}});
    ASSERT_TRUE(team->insert(example_trial(1)));
    ASSERT_TRUE(team->insert(example_trial(2)));
  }
  auto database = open_or_fail({folder.file("own"), {folder.file("team")}});
  ASSERT_TRUE(database->insert(example_trial(2)));
  ASSERT_TRUE(database->insert(example_trial(3)));
  EXPECT_EQ(database->trials(any_key())->size(), 3u);
  EXPECT_EQ(open_or_fail({"", {folder.file("team")}})->trials(any_key())->size(), 2u);
  EXPECT_FALSE(open_or_fail({"", {folder.file("team")}})->insert(example_trial(4)));

  // A file in a folder where not even a lock can be made.
  std::filesystem::create_directory(folder.path() / "sealed");
  std::filesystem::copy_file(folder.file("team"), folder.path() / "sealed" / "db #1?%");
  std::filesystem::permissions(folder.path() / "sealed", std::filesystem::perms(0555));
  EXPECT_EQ(open_or_fail({"", {folder.file("sealed/db #1?%")}})->trials(any_key())->size(), 2u);
  std::filesystem::permissions(folder.path() / "sealed", std::filesystem::perms(0755));
}

TEST(Database, RefusesWhatIsNotOneOfItsFiles) {
  const Folder folder;
  std::ofstream(folder.file("text")) << std::string(5000, 'x');
  std::ofstream(folder.file("short")) << "abc";
  sql(folder.file("foreign"), "CREATE TABLE pets (name TEXT)");
  { open_or_fail({folder.file("future"), {}}); }
  sql(folder.file("future"), "PRAGMA user_version = 7");

  const auto refused = [&](const std::string& name, ErrorCode code, const std::string& words) {
    for (const bool writing : {true, false}) {
      const std::string path = folder.file(name);
      const auto opened =
          SqliteDatabase::open(writing ? DatabaseFiles{path, {}} : DatabaseFiles{"", {path}});
      ASSERT_FALSE(opened) << name;
      EXPECT_EQ(opened.error().code, code) << opened.error().message;
      EXPECT_TRUE(opened.error().message.starts_with(path + ": ")) << opened.error().message;
      EXPECT_NE(opened.error().message.find(words), std::string::npos) << opened.error().message;
      EXPECT_EQ(opened.error().message.find('\n'), std::string::npos);
    }
  };
  refused("text", ErrorCode::corrupt, "not a tenfold database");
  refused("short", ErrorCode::corrupt, "not a tenfold database");
  refused("foreign", ErrorCode::corrupt, "not a tenfold database");
  refused("future", ErrorCode::unsupported, "schema 7");
  refused(".", ErrorCode::corrupt, "not a database");
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  refused("pipe", ErrorCode::corrupt, "not a database");  // without waiting for a writer
  for (const char* change :
       {"DROP TABLE devices", "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER gone AFTER INSERT ON trials BEGIN DELETE FROM trials; END"}) {
    std::filesystem::remove(folder.file("changed"));
    { open_or_fail({folder.file("changed"), {}}); }
    sql(folder.file("changed"), change);
    refused("changed", ErrorCode::corrupt, "its tables are not those");
  }
  EXPECT_EQ(SqliteDatabase::open({"", {folder.file("absent")}}).error().code, ErrorCode::not_found);
  EXPECT_EQ(SqliteDatabase::open({folder.file("no/such/folder/db"), {}}).error().code,
            ErrorCode::io);
  EXPECT_FALSE(std::filesystem::exists(folder.file("absent")));

  std::ifstream untouched(folder.file("text"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(untouched), {}), std::string(5000, 'x'));
}

TEST(Database, BelievesNoImpossibleRow) {
  const Folder folder;
  for (const char* change : {"samples = x'fbffffffffffffff'", "samples = x''", "samples = 'text'",
                             "threads = 0", "threads = 4294967297", "threads = 'two'",
                             "space_version = -1", "status = 'splendid'", "config = ''"}) {
    std::filesystem::remove(folder.file("db"));
    { ASSERT_TRUE(open_or_fail({folder.file("db"), {}})->insert(example_trial())); }
    sql(folder.file("db"), (std::string("UPDATE trials SET ") + change).c_str());
    const auto trials = open_or_fail({"", {folder.file("db")}})->trials(any_key());
    ASSERT_FALSE(trials) << change;
    EXPECT_EQ(trials.error().code, ErrorCode::corrupt) << change;
    EXPECT_TRUE(trials.error().message.starts_with(folder.file("db") + ": "));
  }
}

TEST(Database, CountsWhatItHolds) {
  const Folder folder;
  auto database = open_or_fail({folder.file("db"), {}});
  ASSERT_TRUE(database->insert(example_trial(1)));
  ASSERT_TRUE(database->insert(failed_trial(TrialStatus::timeout, "took longer than 10 s", 2)));
  const auto stats = database->stats();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->trials, 2);
  EXPECT_EQ(stats->tasks, 1);
  EXPECT_EQ(stats->tuned_tasks, 0);  // no space is named "alg" any more
  EXPECT_EQ(stats->by_status.at("ok"), 1);
  EXPECT_EQ(stats->by_status.at("timeout"), 1);
}

TEST(TrialLine, ReadsBackWhatItPrints) {
  const DeviceFacts device{"Some CPU", 32768, 1 << 20, 32 << 20};
  for (const Trial& trial :
       {example_trial(), failed_trial(TrialStatus::run_failed, "crashed: SIGSEGV \"\n\xff")}) {
    const auto parsed = parse_line(to_line(trial, device));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(to_line(parsed->trial, parsed->device), to_line(trial, device));
    EXPECT_EQ(parsed->device, device);
  }
  Trial without_samples = example_trial();
  without_samples.samples_ns.clear();
  EXPECT_FALSE(parse_line(to_line(without_samples)));
  Trial negative = example_trial();
  negative.samples_ns = {-5};
  EXPECT_FALSE(parse_line(to_line(negative)));
  for (const auto& spoil : std::initializer_list<void (*)(Trial&)>{
           [](Trial& t) { t.key.threads = 0; }, [](Trial& t) { t.key.space_version = -1; },
           [](Trial& t) { t.key.task = ""; }, [](Trial& t) { t.key.task = "map in=f32"; },
           [](Trial& t) { t.config.algorithm = ""; }}) {
    Trial spoilt = example_trial();
    spoil(spoilt);
    const auto parsed = parse_line(to_line(spoilt));
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, ErrorCode::corrupt) << parsed.error().message;
  }
}

TEST(Winner, BelievesTheLongerMeasurement) {
  Trial lucky = example_trial(1), confirmed = example_trial(1), steady = example_trial(2);
  lucky.samples_ns = {500};
  confirmed.samples_ns = {1000, 1000, 1000};
  steady.samples_ns = {800, 800};
  const std::vector<Trial> trials{lucky, confirmed, steady};
  EXPECT_EQ(winner(trials)->config, steady.config);
  EXPECT_EQ(winner(std::vector<Trial>{steady, confirmed, lucky})->config, steady.config);
}

TEST(Winner, IsNeverAConfigThatWasOnceWrong) {
  Trial fast = example_trial(1), slow = example_trial(2);
  slow.samples_ns = {5000};
  const std::vector<Trial> trials{fast, slow, failed_trial(TrialStatus::wrong_result, "off", 1)};
  EXPECT_EQ(winner(trials)->config, slow.config);
  EXPECT_FALSE(winner(std::vector<Trial>{failed_trial(TrialStatus::timeout, "slow")}));
}

TEST(Trial, MedianOfEvenAndOddCounts) {
  Trial trial = example_trial();
  trial.samples_ns = {5, 1, 3};
  EXPECT_EQ(trial.median_ns(), 3);
  trial.samples_ns = {5, 1, 3, 4};
  EXPECT_EQ(trial.median_ns(), 3.5);
}

}  // namespace
}  // namespace tenfold::autotune
