// A trial as one line of JSON: the form in which records travel between machines and lie in version
// control.
//   {"task":"conv2d ...","target":"x86_64-avx2","device":"AMD
//   EPYC","threads":1,"space_version":1,"compiler":"...",
//    "config":"direct kt=2","status":"ok","samples_ns":[812345,811902],"created":1760000000}
// "reason" is there unless the status is ok; "caches" (bytes of L1, L2, L3) where the device's are
// known.
#pragma once
#include <optional>
#include <string>

#include "autotune/trial.h"

namespace tenfold::autotune {

/// What makes two machines alike beside their instruction set.
struct DeviceFacts {
  std::string device_name;
  int64_t l1_bytes = 0, l2_bytes = 0, l3_bytes = 0;
  auto operator<=>(const DeviceFacts&) const = default;
};

/// This machine's CPU.
DeviceFacts this_cpu();

struct TrialLine {
  Trial trial;
  std::optional<DeviceFacts> device;
};

/// No line break inside or at the end. Equal trials have equal lines.
std::string to_line(const Trial& trial, const std::optional<DeviceFacts>& device = std::nullopt);

/// Errors: corrupt, with the field that is missing or malformed.
Result<TrialLine> parse_line(const std::string& line);

/// What a record of any origin must hold to be believed. Errors: corrupt, with the rule.
Status set_counts(TrialKey& key, int64_t threads, int64_t space_version);
Status check_samples(const Trial& trial);

/// Identity of a trial's content; two imports of one line are one trial.
std::string trial_hash(const Trial& trial);

}  // namespace tenfold::autotune
