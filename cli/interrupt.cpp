#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace tenfold::cli {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

void on_interrupt(int) {
  if (flag.exchange(true)) _exit(1);
}

}  // namespace

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return flag.load();
}

const std::atomic<bool>* interrupt_flag() {
  return &flag;
}

Status check_interrupted() {
  if (interrupted()) return Error{ErrorCode::cancelled, "interrupted"};
  return {};
}

}  // namespace tenfold::cli
