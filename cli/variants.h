// From a network or an operator to what a library is made of: for each target a plan, the config of
// each step, and the kernels to build.
#pragma once
#include <string>
#include <vector>

#include "autotune/records.h"
#include "codegen/library.h"
#include "graph/network.h"

namespace tenfold::cli {

struct VariantOptions {
  std::string name;
  std::vector<Target> targets;
  int threads = 1;
  double accuracy = 0;
};

struct Variants {
  std::vector<codegen::VariantInput> inputs;     // kernels are still missing
  std::vector<codegen::KernelRequest> requests;  // one a step, variant after variant
  autotune::RecordCoverage coverage;             // of the steps' distinct tasks
};

/// Targets by name, each once, in the order in which a library's variants are tried when it is
/// opened: as they are given, except that of CPU targets the widest stands first.
Result<std::vector<Target>> variant_targets(const std::vector<std::string>& names);

/// `database` may be null. Errors: those of records and planning.
Result<Variants> plan_network(const graph::Network& network, autotune::SqliteDatabase* database,
                              const VariantOptions& options);
Result<Variants> plan_op(const Task& task, autotune::SqliteDatabase* database,
                         const VariantOptions& options);

/// Hands the built kernels, one a request, to the variants.
void give_kernels(Variants& variants, std::vector<codegen::Kernel> kernels);

}  // namespace tenfold::cli
