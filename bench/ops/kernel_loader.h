// LoadedKernel: one task compiled with one config and loaded into this process, for the benchmarks
// of single operators and the tests of dsl/ and schedules/. It runs on one thread. (The tuner's
// runner loads what the builder made, elsewhere: this one links the compiler, which a product never
// does.)
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/target.h"
#include "base/task.h"

namespace tenfold::bench {

/// Of parallel loops. What a kernel computes must not depend on it: threads take iterations as they
/// come.
enum class IterationOrder { forward, backward };

class LoadedKernel {
 public:
  /// Precondition: schedules::check passes. Errors: failed with the compiler's or the linker's
  /// words.
  static Result<LoadedKernel> make(const Task& task, const Config& config, const Target& target,
                                   bool asserts);

  /// Root bases in argument order; params packed. Errors: failed with what the kernel's own checks
  /// say.
  Status run(std::span<const float* const> inputs, std::span<const float* const> params,
             std::span<float* const> outputs,
             IterationOrder order = IterationOrder::forward) const;

  /// What the object leaves to others to define.
  const std::vector<std::string>& undefined_symbols() const;
  const std::string& object_path() const;
  double compile_s() const;

 private:
  struct State;
  explicit LoadedKernel(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace tenfold::bench
