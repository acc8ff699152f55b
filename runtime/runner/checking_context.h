// CheckingContext: a user context for a candidate's first call. Loops run on the product's threads,
// but each allocation gets guarded pages of its own, filled with NaNs, so that scratch that is
// overrun or read before it is written shows.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/runner/guarded_buffer.h"
#include "tenfold/abi.h"

namespace tenfold::runner {

class CheckingContext {
 public:
  /// `product` runs the loops.
  explicit CheckingContext(tenfold_user_context* product);

  tenfold_user_context* user_context() { return &self_.context; }

  /// The kernel's first error message, or "".
  std::string message();

  /// What is wrong with the kernel's use of memory so far: a block overrun, a free of what it does
  /// not hold, a block kept.
  std::optional<std::string> misuse();

 private:
  /// Kernels see the first member; the operations find the rest behind it.
  struct Self {
    tenfold_user_context context;
    CheckingContext* owner;
  };
  static CheckingContext& of(void* user_context) {
    return *static_cast<Self*>(user_context)->owner;
  }
  static void* allocate(void* user_context, size_t size_bytes);
  static void release(void* user_context, void* memory);
  static int parallel_for(void* user_context, int (*body)(void*, int, uint8_t*), int min,
                          int extent, uint8_t* closure);
  static void error(void* user_context, const char* message);
  static void print(void*, const char*) {}

  static bool overrun(const GuardedBuffer& block);
  void note_misuse(const std::string& what);

  const tenfold_ops ops_;
  Self self_;
  tenfold_user_context* product_;
  std::mutex mutex_;
  std::map<void*, GuardedBuffer> blocks_;
  std::string message_;
  std::optional<std::string> misuse_;
};

}  // namespace tenfold::runner
