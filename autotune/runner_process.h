// RunnerProcess: one running tenfold-runner and the socket to it. It may die at any moment; that is
// what it is for.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/result.h"

namespace tenfold::autotune {

class RunnerProcess {
 public:
  /// Spawns the program and waits for its greeting. Errors: io when it can't be started, failed
  /// when it is another version.
  static Result<std::unique_ptr<RunnerProcess>> spawn(const std::string& program);
  ~RunnerProcess();  // kills it
  RunnerProcess(const RunnerProcess&) = delete;
  RunnerProcess& operator=(const RunnerProcess&) = delete;

  Status send(const std::string& body);

  /// The next answer. Errors: unavailable after timeout_s, cancelled once *cancel (may be null) is
  /// set, io when it died.
  Result<std::string> receive(double timeout_s, const std::atomic<bool>* cancel);

  /// Kills what still runs and says how it ended: "SIGSEGV", "exit code 3".
  std::string end();

 private:
  RunnerProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  pid_t pid_;
  int socket_;
};

}  // namespace tenfold::autotune
