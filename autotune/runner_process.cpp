#include "autotune/runner_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/runner_protocol.h"

extern char** environ;

namespace tenfold::autotune {
namespace {

constexpr double greeting_timeout_s =
    30;  // a loaded machine reads the program and its libraries from disk

}  // namespace

Result<std::unique_ptr<RunnerProcess>> RunnerProcess::spawn(const std::string& program) {
  if (access(program.c_str(), X_OK) != 0)
    return Error{ErrorCode::io,
                 program + ": the measuring program can't be run: " + std::strerror(errno)};
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return Error{ErrorCode::io, std::string("no socket for the runner: ") + std::strerror(errno)};

  // A candidate may print or abort with a message: that is nobody's business.
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : {0, 1, 2})
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], runner_protocol::socket_fd);
  std::string name = program;
  char* arguments[] = {name.data(), nullptr};
  pid_t pid = -1;
  const int failure = posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failure != 0) {
    close(ends[0]);
    return Error{ErrorCode::io, program + ": can't be started: " + std::strerror(failure)};
  }

  std::unique_ptr<RunnerProcess> process(new RunnerProcess(pid, ends[0]));
  const auto greeting = process->receive(greeting_timeout_s, nullptr);
  if (!greeting)
    return Error{ErrorCode::failed,
                 program + ": ended before it was ready (" + process->end() + ")"};
  const auto hello = runner_protocol::decode_hello(*greeting);
  if (!hello || hello->version != runner_protocol::version)
    return Error{ErrorCode::failed, program + ": speaks another version of the protocol"};
  return process;
}

RunnerProcess::~RunnerProcess() {
  end();
}

Status RunnerProcess::send(const std::string& body) {
  return runner_protocol::send_frame(socket_, body);
}

Result<std::string> RunnerProcess::receive(double timeout_s, const std::atomic<bool>* cancel) {
  return runner_protocol::receive_frame(socket_, static_cast<int64_t>(timeout_s * 1000), cancel);
}

std::string RunnerProcess::end() {
  if (pid_ < 0) return "ended before";
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  close(socket_);
  socket_ = -1;
  if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  const char* signal_name = sigabbrev_np(WTERMSIG(status));
  return signal_name ? std::string("SIG") + signal_name
                     : "signal " + std::to_string(WTERMSIG(status));
}

}  // namespace tenfold::autotune
