#include "codegen/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

namespace tenfold::codegen {
namespace {

// Between fork and exec: only async-signal-safe calls. Exits with 127 and errno on `failure` when
// there is no program.
[[noreturn]] void become(char* const* argv, int output, int failure, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  setpgid(0, 0);  // Ctrl-C is for the program that waits for this one
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(output, 1);
  dup2(output, 2);
  execvp(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(failure, &error, sizeof error);
  _exit(127);
}

std::string read_all(int file) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = read(file, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, count);
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
  }
}

// The first line that speaks of an error; else the first line.
std::string telling_line(const std::string& text) {
  std::string first;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("rror") != std::string::npos || line.find("failed") != std::string::npos)
      return line;
    if (first.empty()) first = line;
  }
  return first.empty() ? "no output" : first;
}

}  // namespace

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

Result<std::string> run_program(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  int output[2], failure[2];
  if (pipe2(output, O_CLOEXEC) != 0)
    return Error{ErrorCode::io, std::string("cannot make a pipe: ") + std::strerror(errno)};
  if (pipe2(failure, O_CLOEXEC) != 0) {
    const int error = errno;
    close(output[0]), close(output[1]);
    return Error{ErrorCode::io, std::string("cannot make a pipe: ") + std::strerror(error)};
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become(argv.data(), output[1], failure[1], parent);
  const int fork_error = errno;
  close(output[1]), close(failure[1]);
  std::string text, launch;
  int status = 0;
  if (child > 0) {
    text = read_all(output[0]);
    launch = read_all(failure[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  close(output[0]), close(failure[0]);

  if (child < 0)
    return Error{ErrorCode::io, "cannot start " + arguments[0] + ": " + std::strerror(fork_error)};
  if (launch.size() == sizeof(int)) {
    int error;
    std::memcpy(&error, launch.data(), sizeof error);
    return Error{ErrorCode::unavailable,
                 "cannot run " + arguments[0] + ": " + std::strerror(error)};
  }
  if (WIFSIGNALED(status))
    return Error{ErrorCode::failed, arguments[0] + " died of " + signal_name(WTERMSIG(status))};
  if (WEXITSTATUS(status) != 0)
    return Error{ErrorCode::failed, arguments[0] + ": " + telling_line(text)};
  return text;
}

}  // namespace tenfold::codegen
