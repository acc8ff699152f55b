#include "cli/choose.h"

#include <algorithm>
#include <charconv>

#include "codegen/kernel.h"
#include "graph/planner.h"
#include "schedules/space.h"

namespace tenfold::cli {
Result<double> parse_accuracy(const std::string& text) {
  if (text == "strict") return 0.0;
  if (text == "default") return ChooserOptions{}.accuracy;
  double value = -1;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1))
    return Error{ErrorCode::invalid_argument,
                 "--accuracy " + text + ": expected strict, default or a number from 0 to 1"};
  return value;
}

Result<Chooser> Chooser::make(autotune::SqliteDatabase* database, const std::vector<Task>& tasks,
                              const ChooserOptions& options) {
  Chooser chooser;
  std::vector<double> scales;
  for (const Task& task : tasks) {
    if (schedules::spaces_for(task, options.target).empty())
      return Error{ErrorCode::unsupported, task.op + " has no schedule for " + options.target.name};
    autotune::ChosenConfig chosen;
    if (database) {
      const autotune::RecordQuery query{options.target, options.threads,
                                        codegen::compiler_version(), options.accuracy};
      TENFOLD_TRY(chosen, autotune::choose_config(*database, task, query));
    } else {
      chosen.config = schedules::initial_config(task, options.target, options.accuracy);
    }
    if (chosen.time_ns > 0) scales.push_back(chosen.time_ns / 1e9 / graph::estimated_seconds(task));
    chooser.chosen_[to_text(task)] = std::move(chosen);
  }
  if (!scales.empty()) {
    const auto middle = scales.begin() + static_cast<std::ptrdiff_t>(scales.size() / 2);
    std::nth_element(scales.begin(), middle, scales.end());
    chooser.estimate_scale_ = *middle;
  }
  return chooser;
}

double Chooser::seconds(const Task& task) const {
  const double time_ns = choose(task).time_ns;
  return time_ns > 0 ? time_ns / 1e9 : graph::estimated_seconds(task) * estimate_scale_;
}

}  // namespace tenfold::cli
