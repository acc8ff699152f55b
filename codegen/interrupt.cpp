#include "codegen/interrupt.h"

#include <signal.h>

#include <atomic>

namespace tenfold::codegen {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
std::atomic<bool> taken = false;
volatile sig_atomic_t noted = 0;

void note(int signal) {
  noted = signal;
}

bool is_default(const struct sigaction& action) {
  return !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL;
}

}  // namespace

InterruptGuard::InterruptGuard() : active_(!taken.exchange(true)) {
  if (!active_) return;
  noted = 0;
  struct sigaction ours {};
  ours.sa_handler = note;
  sigemptyset(&ours.sa_mask);
  for (int signal : signals) {
    struct sigaction before;
    sigaction(signal, nullptr, &before);
    if (is_default(before)) sigaction(signal, &ours, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  if (!active_) return;
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigemptyset(&usual.sa_mask);
  for (int signal : signals) {
    struct sigaction now;
    sigaction(signal, nullptr, &now);
    if (now.sa_handler == note) sigaction(signal, &usual, nullptr);
  }
  const int signal = noted;
  taken = false;
  if (signal) raise(signal);
}

Status InterruptGuard::check() const {
  if (active_ && noted) return Error{ErrorCode::cancelled, "interrupted"};
  return {};
}

}  // namespace tenfold::codegen
