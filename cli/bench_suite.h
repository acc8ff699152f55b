// tenfold bench --suite and --op: problems, measured one after the other.
#pragma once
#include <string>
#include <vector>

#include "cli/operator_bench.h"

namespace tenfold::cli {

struct SuiteBench {
  std::string suite, filter;       // or
  std::vector<std::string> specs;  // problems as the shape files have them
  std::vector<int> threads;
  std::string json;
  OperatorBenchOptions bench;
};

/// Prints a block a problem, then the summary by family. The JSON file is written anew after every
/// problem: what is done is kept, whatever happens. Errors: those of OperatorBench and read_suite;
/// cancelled; failed at the end, when a single operator that was asked for was not measured.
Status bench_suite(const SuiteBench& options);

}  // namespace tenfold::cli
