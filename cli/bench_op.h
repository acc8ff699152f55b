// Times single operators in the measuring runner, as tuned as the records allow.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace tenfold::cli {

struct OpBench {
  std::vector<std::string> specs, databases;
  std::string json;
  int threads = 1;
};

/// One row an operator: config, median and spread, GFLOP/s. Each is checked against its reference
/// before it is timed.
Status bench_op(const OpBench& options);

}  // namespace tenfold::cli
