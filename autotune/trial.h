// Trial: one candidate that was tried, and how it went. A failure is a status and a reason, never a
// number.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/target.h"
#include "base/task.h"

namespace tenfold::autotune {

enum class TrialStatus { ok, build_failed, run_failed, wrong_result, timeout };

const char* to_string(TrialStatus status);
Result<TrialStatus> parse_status(const std::string& text);

/// What a record is for. Equal keys may be compared and merged.
struct TrialKey {
  std::string task;         // to_text(Task)
  std::string target;       // Target::name
  std::string device_name;  // CPU's or GPU's model name
  int threads = 1;
  int space_version = 0;  // of config.algorithm's space
  std::string compiler;   // tenfold's kernel compiler version (Halide's and codegen's own)
  auto operator<=>(const TrialKey&) const = default;
};

struct Trial {
  TrialKey key;
  Config config;
  TrialStatus status = TrialStatus::ok;
  std::string reason;               // empty when ok
  std::vector<int64_t> samples_ns;  // empty unless ok
  int64_t created_unix_s = 0;

  /// Median of the samples. Precondition: ok.
  double median_ns() const;
};

}  // namespace tenfold::autotune
