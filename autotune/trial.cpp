#include "autotune/trial.h"

#include <algorithm>

namespace tenfold::autotune {

const char* to_string(TrialStatus status) {
  switch (status) {
    case TrialStatus::ok:
      return "ok";
    case TrialStatus::build_failed:
      return "build_failed";
    case TrialStatus::run_failed:
      return "run_failed";
    case TrialStatus::wrong_result:
      return "wrong_result";
    case TrialStatus::timeout:
      return "timeout";
  }
  return "unknown";
}

Result<TrialStatus> parse_status(const std::string& text) {
  for (const TrialStatus status :
       {TrialStatus::ok, TrialStatus::build_failed, TrialStatus::run_failed,
        TrialStatus::wrong_result, TrialStatus::timeout})
    if (text == to_string(status)) return status;
  return Error{ErrorCode::invalid_argument, "'" + text + "' is no trial's status"};
}

double Trial::median_ns() const {
  assert(status == TrialStatus::ok && !samples_ns.empty());
  std::vector<int64_t> sorted = samples_ns;
  const size_t middle = sorted.size() / 2;
  std::nth_element(sorted.begin(), sorted.begin() + middle, sorted.end());
  const double upper = static_cast<double>(sorted[middle]);
  if (sorted.size() % 2) return upper;
  return (upper + static_cast<double>(*std::max_element(sorted.begin(), sorted.begin() + middle))) /
         2;
}

}  // namespace tenfold::autotune
