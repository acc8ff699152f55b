// Times a compiled network, alone or against other engines.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tenfold::cli {

struct NetworkBench {
  std::string folder, target, model, json;
  std::vector<std::string> inputs, against;  // against: names of peers; they need the model
  int threads = 1;
  double seconds = 3;
  uint64_t seed = 1;
  bool layers = false;
};

/// Writes the JSON file where one is named, and prints a table. Ratios are medians over rounds of
/// theirs to ours; outputs are compared before anything is timed.
Status bench_network(const NetworkBench& options);

}  // namespace tenfold::cli
