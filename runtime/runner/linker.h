// Linker: makes a relocatable object callable in this process, with LLVM's JITLink: the bytes that
// run are the bytes that a library will carry. What the object calls is found in a fixed table: the
// library shims, which are compiled into this program too, a few of libc's memory functions, and
// libm's scalar functions.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tenfold::runner {

enum class Callee {
  runtime,  // a shim, or memcpy and its kin: every library has it
  libm,     // a scalar function of libm
  unknown,
};
Callee classify(const std::string& symbol);

/// A kernel in Halide's _argv form.
using KernelFunction = int (*)(void** arguments);

class Linker {
 public:
  static Result<std::unique_ptr<Linker>> create();
  ~Linker();

  /// The code stays loaded while the handle lives.
  class Loaded {
   public:
    virtual ~Loaded() = default;
    KernelFunction function = nullptr;
  };
  /// Errors: failed, with the linker's own words.
  Result<std::unique_ptr<Loaded>> load(std::string_view object, const std::string& symbol);

 private:
  struct State;
  explicit Linker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tenfold::runner
