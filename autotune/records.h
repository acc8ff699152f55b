// What a compile uses for a task: its record, or the nearest thing to one. Another machine's winner
// is mostly a better guess than a default, so a mismatch is no error; how each task was served is
// reported.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "autotune/database.h"
#include "schedules/space.h"

namespace tenfold::autotune {

/// From the best to the last resort.
enum class RecordSource {
  exact,            // this task, target, machine, thread count and compiler
  other_threads,    // the same, tuned for the nearest other thread count
  other_compiler,   // the same, built by another version of the compiler
  similar_machine,  // another CPU of the same target, the one whose caches are most alike
  untuned,          // the space's default
};
constexpr size_t record_source_count = 5;
const char* to_string(RecordSource source);

struct ChosenConfig {
  Config config;
  RecordSource source = RecordSource::untuned;
  double time_ns = 0;       // as measured where the record comes from; 0 when untuned
  std::string device_name;  // of the record
};

struct RecordQuery {
  Target target;
  int threads = 1;
  std::string compiler;
  double accuracy = schedules::default_accuracy;  // configs of a larger extra error are left out
};

/// Never fails for want of a record. Only configs that are legal now and whose space has not
/// changed are taken, and only from where the default's space was tried too: once that has changed,
/// the best of what other spaces still hold never competed with the default of today.
Result<ChosenConfig> choose_config(SqliteDatabase& database, const Task& task,
                                   const RecordQuery& query);

struct RecordCoverage {
  std::array<int64_t, record_source_count> tasks{};  // by RecordSource
  std::vector<std::string> untuned;                  // texts of the tasks with none that competed

  void add(const Task& task, const ChosenConfig& chosen);
  /// "57 exact, 2 from a similar machine, 1 untuned"
  std::string text() const;
};

/// What --require-tuned asks for. Errors: not_found, with the first untuned task and their number.
Status require_tuned(const RecordCoverage& coverage);

}  // namespace tenfold::autotune
