#include "cli/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tenfold::cli {

std::string duration_text(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 100) return fmt::format("{:.1f} s", seconds);
  return fmt::format("{:.0f} min {:.0f} s", static_cast<double>(static_cast<int64_t>(seconds) / 60),
                     static_cast<double>(static_cast<int64_t>(seconds) % 60));
}

std::string bytes_text(int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1000000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1000000000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9);
}

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(::isatty(STDOUT_FILENO) == 1) {}

Progress::~Progress() {
  finish();
}

void Progress::finish() {
  if (line_open_) fmt::print("\n");
  line_open_ = false;
  std::fflush(stdout);
}

void Progress::clear() {
  if (line_open_) fmt::print("\r\033[K");
  line_open_ = false;
}

void Progress::show(const std::string& line) {
  if (quiet_) return;
  const Clock::time_point now = Clock::now();
  const auto pause = terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000);
  if (shown_ != Clock::time_point{} && now - shown_ < pause) return;
  shown_ = now;
  if (!terminal_) {
    fmt::print("{}\n", line);
  } else {
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    clear();
    fmt::print("{}", known ? line.substr(0, size.ws_col - 1u) : line);
    line_open_ = true;
  }
  std::fflush(stdout);
}

void Progress::say(const std::string& line) {
  if (quiet_) return;
  clear();
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

}  // namespace tenfold::cli
