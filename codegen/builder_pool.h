// BuilderPool: compiles in processes that may be killed. tenfold-builder is a single-threaded
// zygote that has Halide loaded and forks one child a compile, so that a child costs a fork, symbol
// names are the same each time, and a hang or a crash costs one candidate.
#pragma once
#include <memory>
#include <string>

#include "codegen/kernel.h"

namespace tenfold::codegen {

struct BuilderOptions {
  std::string builder_path;  // empty: tenfold-builder beside this program
  int jobs = 2;              // children at once
  double timeout_s = 30;     // of one compile
};

class BuilderPool {
 public:
  static Result<std::unique_ptr<BuilderPool>> start(const BuilderOptions& options);
  ~BuilderPool();  // kills what still runs

  /// Queues a compile and returns its ticket.
  int submit(const KernelRequest& request);

  struct Finished {
    int ticket;
    Result<Kernel> kernel;  // failed with reason: the compiler's error, "crashed: SIGSEGV", "timed
                            // out after 30 s"
  };
  /// Waits at most so long for something that wait() would return without blocking for long.
  bool ready(int timeout_ms) const;

  /// Waits for the next finished compile. Precondition: one is pending.
  Finished wait();
  int pending() const;

 private:
  struct State;
  explicit BuilderPool(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tenfold::codegen
