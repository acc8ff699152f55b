// Bench: everything that one task's candidates are called with, and what is done with a candidate:
// it is checked and timed, and where its figures are wanted, timed beside its bounds.
#pragma once
#include <HalideRuntime.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/runner_protocol.h"
#include "runtime/context.h"
#include "runtime/runner/guarded_buffer.h"
#include "runtime/runner/linker.h"
#include "runtime/runner/quiet.h"

namespace tenfold::runner {

class Bounds;

/// A file's content in guarded memory, as a kernel's argument.
struct Argument {
  GuardedBuffer memory;
  std::vector<halide_dimension_t> dims;
  halide_buffer_t buffer = {};
};

class Bench {
 public:
  static Result<std::unique_ptr<Bench>> create(const runner_protocol::Prepare& request,
                                               QuietWatch& watch);

  /// Calls the kernel once in a checking context, compares the outputs, times it in the product's
  /// context, and compares again: a kernel that was right only the first time is wrong.
  runner_protocol::Reply measure(const runner_protocol::Measure& request, KernelFunction kernel);

  /// Precondition: measure found the kernel right.
  runner_protocol::Figures figures(const runner_protocol::Benchmark& request,
                                   KernelFunction kernel);

 private:
  struct Output {
    Argument argument;
    std::vector<uint32_t> expected;
    int shared_input = -1;
  };
  using Arguments = std::vector<void*>;

  explicit Bench(QuietWatch& watch) : watch_(&watch) {}
  Result<const Argument*> param(const runner_protocol::Buffer& buffer);
  Status bind_params(const runner_protocol::Measure& request);
  /// Untouched roots, or copies of the inputs that they share.
  void reset_outputs(bool shared);
  /// Calls the kernel once in a checking context. False when something is wrong; the reply then
  /// says what.
  bool check(const runner_protocol::Measure& request, KernelFunction kernel, bool shared,
             runner_protocol::Reply& reply);
  /// True when every element is as it should be; else says in the reply where and how not.
  bool outputs_match(const runner_protocol::Measure& request, bool shared,
                     runner_protocol::Reply& reply) const;
  Arguments arguments(size_t copy, bool shared, tenfold_user_context** user_context);
  bool output_matches(size_t index, const runner_protocol::Measure& request, bool shared,
                      runner_protocol::Reply& reply) const;
  void take_samples(const runner_protocol::Measure& request, KernelFunction kernel,
                    runner_protocol::Reply& reply);
  void take_figures(const runner_protocol::Benchmark& request, KernelFunction kernel,
                    Bounds& bounds, runner_protocol::Figures& figures);

  QuietWatch* watch_;
  int threads_ = 1;
  std::unique_ptr<runtime::Context> context_;
  std::vector<Argument> inputs_;
  std::vector<Output> outputs_;
  bool sharing_ = false;                    // an output may share an input's root
  std::map<std::string, Argument> params_;  // by file: configs share packings
  std::vector<std::vector<Argument>>
      copies_;  // of the current candidate's params: [copy - 1][param]
  std::vector<const Argument*> current_params_;
};

}  // namespace tenfold::runner
