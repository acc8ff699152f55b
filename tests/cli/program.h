// The program under test, run as a user runs it: its exit code, what it printed, how long it took.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace tenfold::cli::testing {

struct Outcome {
  int code = -1;  // 128 + signal when one ended it
  std::string out, err;
  double seconds = 0;
  int64_t peak_rss_bytes = 0;

  /// What standard error holds when it is exactly one line, else "".
  std::string error_line() const;
};

struct RunOptions {
  std::vector<std::string> environment;  // NAME=VALUE, added
  std::string folder;                    // to run in
  int64_t file_size_limit_bytes = 0;     // what a full disk does to a write; 0: none
  double interrupt_after_s = 0;          // send SIGINT then; 0: never
  std::string interrupt_at;              // or as soon as standard output holds this text
  double timeout_s = 120;
};

/// A folder of its own, removed at the end; the program's cache folder lies in it.
class Workplace {
 public:
  Workplace();
  ~Workplace();
  Workplace(const Workplace&) = delete;

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& bytes) const;
  /// Names of what lies in the folder (or below it, in `name`), sorted.
  std::vector<std::string> list(const std::string& name = "") const;

  /// Runs build/.../bin/tenfold with these arguments.
  Outcome tenfold(const std::vector<std::string>& arguments, RunOptions options = {}) const;
  Outcome run(const std::vector<std::string>& command, RunOptions options = {}) const;

 private:
  std::string folder_;
};

/// The folder of small ONNX models that models.py makes, once a test program.
const std::string& models();

}  // namespace tenfold::cli::testing
