// Ctrl-C: long work asks whether it should stop, keeps what it has, and leaves no half-written
// output.
#pragma once
#include <atomic>

#include "base/result.h"

namespace tenfold::cli {

/// From now on SIGINT and SIGTERM set a flag; a second one ends the process at once. SIGPIPE is
/// ignored.
void watch_interrupts();

bool interrupted();

/// The flag itself, for work that watches one.
const std::atomic<bool>* interrupt_flag();

/// cancelled, once the user has asked to stop.
Status check_interrupted();

}  // namespace tenfold::cli
