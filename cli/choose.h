// Which config each task of a compile gets, and the cost by which a network is partitioned:
// measured where there is a record, estimated elsewhere.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "autotune/records.h"
#include "schedules/space.h"

namespace tenfold::cli {

struct ChooserOptions {
  Target target;
  int threads = 1;
  double accuracy = schedules::default_accuracy;  // bound on the extra_error of the spaces used
};

class Chooser {
 public:
  /// Looks up each task. `database` may be null.
  static Result<Chooser> make(autotune::SqliteDatabase* database, const std::vector<Task>& tasks,
                              const ChooserOptions& options);

  /// Precondition: the task was among those given to make.
  const autotune::ChosenConfig& choose(const Task& task) const { return chosen_.at(to_text(task)); }

  /// The record's time; without one the estimate, scaled by how much measured tasks exceed theirs
  /// in the median.
  double seconds(const Task& task) const;

 private:
  Chooser() = default;
  std::map<std::string, autotune::ChosenConfig> chosen_;  // by task text
  double estimate_scale_ = 1;
};

/// strict: 0. default: 2e-5. A number: itself. Errors: invalid_argument.
Result<double> parse_accuracy(const std::string& text);

}  // namespace tenfold::cli
