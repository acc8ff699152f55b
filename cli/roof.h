// The roof over a problem: no kernel that computes it directly can be faster, on this machine, as
// its peaks are measured in the same run.
#pragma once
#include <string>
#include <vector>

#include "cli/suite.h"

namespace tenfold::cli {

/// What a problem asks of a machine, whatever the schedule.
struct Demand {
  double operations = 0;  // a multiply-add is two; in Winograd's families after F(4,3)
  int64_t channels = 0;   // that vectors can be filled with; 0: any number
  int64_t read_bytes = 0, constant_bytes = 0, write_bytes = 0;
};

/// In the family `winograd` the operations are those of F(4,3) on whole tiles, transforms apart:
/// those of the direct form times a quarter of (H up to 4)(W up to 4) / (H W).
Demand demand_of(const Problem& problem);

/// A multiply-add peak of all threads on vectors of `lanes`.
struct LanePeak {
  int lanes = 8;
  double gflops = 0;
};

struct Roof {
  double time_ms = 0;
  bool memory = false;    // what binds: the bytes, else the multiply-adds
  LanePeak peak;          // of the vectors that do best on these channels
  double compute_ms = 0;  // operations at that peak, less the lanes that stay empty
  double memory_ms = 0;   // of the loop that only moves the bytes
};

/// Precondition: there is a peak.
Roof roof_of(const Demand& demand, const std::vector<LanePeak>& peaks, double memory_ms);

/// The vector widths whose peaks count on a machine with vectors of `lanes`.
std::vector<int32_t> lane_widths(int lanes);

}  // namespace tenfold::cli
