// The smallest runtime: opens a library and runs its steps from the tables, as tenfold/abi.h states
// them. It shares nothing with runtime/, so that the two check each other.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/types.h"
#include "tenfold/abi.h"

namespace tenfold::codegen::testing_support {

class LibraryRunner {
 public:
  /// Opens folder/libNAME.so and folder/NAME.weights; records a test failure when that fails.
  LibraryRunner(const std::string& folder, const std::string& name);
  explicit LibraryRunner(const tenfold_library* library, std::string weights = {});
  ~LibraryRunner();

  const tenfold_library& library() const { return *library_; }

  /// Runs the named variant. inputs in the model's order; outputs arrive filled with NaN.
  std::vector<Array> run(const std::string& target, const std::vector<Array>& inputs);

  int allocations = 0, parallel_loops = 0;
  int64_t most_bytes = 0;  // of scratch held at once

 private:
  void* handle_ = nullptr;
  const tenfold_library* library_ = nullptr;
  std::string weights_;
};

}  // namespace tenfold::codegen::testing_support
