// A signal that would end the program is held back while files are half-written.
#pragma once
#include "base/result.h"

namespace tenfold::codegen {

/// While one lives, SIGINT, SIGTERM and SIGHUP that would end the program are noted instead; its
/// destructor lets the noted one do its work. A program that handles these signals itself keeps its
/// handlers. One at a time in a process: a second one does nothing.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  /// cancelled once a signal was noted.
  Status check() const;

 private:
  bool active_ = false;
};

}  // namespace tenfold::codegen
