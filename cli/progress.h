// Progress of long work on standard output: one line that is rewritten on a terminal, plain lines
// now and then elsewhere, nothing where standard output carries JSON. Standard error is for
// failures alone.
#pragma once
#include <chrono>
#include <string>

namespace tenfold::cli {

/// "340 ms", "12.3 s", "4 min 5 s".
std::string duration_text(double seconds);
/// "3.1 MB"; 1 MB is 10^6 bytes.
std::string bytes_text(int64_t bytes);

class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();  // ends a rewritten line

  /// The state of the work; shown at once on a terminal (5 times a second at most), each 5 seconds
  /// elsewhere.
  void show(const std::string& line);
  /// Ends the rewritten line, so that others may print.
  void finish();
  /// A line that stays.
  void say(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;
  void clear();
  bool quiet_, terminal_;
  bool line_open_ = false;
  Clock::time_point shown_{};
};

}  // namespace tenfold::cli
