#include "codegen/builder/zygote.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "codegen/process.h"

namespace tenfold::codegen {
namespace {

constexpr size_t most_messages_bytes = 4096;

int64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

Error system_failure(const char* what) {
  return {ErrorCode::io, std::string("the builder cannot ") + what + ": " + std::strerror(errno)};
}

// False at the end of the stream. A read that would block changes nothing.
bool take_bytes(int file, std::string& into, size_t limit = SIZE_MAX) {
  char buffer[1 << 16];
  const ssize_t count = read(file, buffer, sizeof buffer);
  if (count > 0) into.append(buffer, std::min<size_t>(count, limit - std::min(limit, into.size())));
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) _exit(1);
    bytes.remove_prefix(count);
  }
}

// The child: one compile, one answer.
[[noreturn]] void compile_and_exit(const Frame& request, int result, int log, pid_t zygote) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != zygote) _exit(1);
  setpgid(0, 0);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  dup2(log, 1);
  dup2(log, 2);
  const auto parsed = parse_request(request.body);
  const Result<Kernel> kernel = parsed ? compile_kernel(*parsed) : Result<Kernel>(parsed.error());
  write_all(result, to_bytes(answer(request.ticket, kernel)));
  _exit(0);
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::string seconds_text(double seconds) {
  std::string text = std::to_string(seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Zygote::~Zygote() {
  for (auto& [pid, child] : children_) {
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
  }
}

Status Zygote::serve() {
  fcntl(options_.socket, F_SETFL, fcntl(options_.socket, F_GETFL) | O_NONBLOCK);
  fcntl(options_.socket, F_SETFD, FD_CLOEXEC);
  while (!closed_) {
    TENFOLD_CHECK(start_children());
    std::vector<pollfd> files{{options_.socket, POLLIN, 0}};
    if (!outgoing_.empty()) files[0].events |= POLLOUT;
    for (const auto& [pid, child] : children_)
      for (int file : {child.result, child.log})
        if (file >= 0) files.push_back({file, POLLIN, 0});
    if (poll(files.data(), files.size(), poll_timeout_ms(now_ns())) < 0 && errno != EINTR)
      return system_failure("wait");

    kill_late(now_ns());
    std::vector<int> ready;
    for (const pollfd& file : files)
      if (file.revents) ready.push_back(file.fd);
    if (files[0].revents & (POLLIN | POLLHUP | POLLERR)) TENFOLD_CHECK(read_requests());
    read_children(ready);
    TENFOLD_CHECK(send_answers());
  }
  return {};
}

Status Zygote::read_requests() {
  closed_ = !take_bytes(options_.socket, incoming_);
  for (;;) {
    TENFOLD_TRY(auto frame, take_frame(incoming_));
    if (!frame) return {};
    waiting_.push_back(std::move(*frame));
  }
}

Status Zygote::start_children() {
  while (!waiting_.empty() && static_cast<int>(children_.size()) < options_.jobs) {
    int result[2], log[2];
    if (pipe2(result, O_CLOEXEC) != 0) return system_failure("make a pipe");
    if (pipe2(log, O_CLOEXEC) != 0) return system_failure("make a pipe");
    const pid_t self = getpid();
    const pid_t pid = fork();
    if (pid < 0) return system_failure("fork");
    if (pid == 0) {
      close(options_.socket);
      compile_and_exit(waiting_.front(), result[1], log[1], self);
    }
    close(result[1]), close(log[1]);
    fcntl(result[0], F_SETFL, O_NONBLOCK), fcntl(log[0], F_SETFL, O_NONBLOCK);
    const auto limit_ns = static_cast<int64_t>(options_.timeout_s * 1e9);
    children_[pid] = {.ticket = waiting_.front().ticket,
                      .result = result[0],
                      .log = log[0],
                      .answer = {},
                      .messages = {},
                      .deadline_ns = now_ns() + limit_ns};
    waiting_.pop_front();
  }
  return {};
}

void Zygote::read_children(const std::vector<int>& ready) {
  const auto take = [&](int& file, std::string& into, size_t limit) {
    if (file < 0 || std::find(ready.begin(), ready.end(), file) == ready.end()) return;
    if (take_bytes(file, into, limit)) return;
    close(file);
    file = -1;
  };
  for (auto at = children_.begin(); at != children_.end();) {
    Child& child = at->second;
    take(child.result, child.answer, SIZE_MAX);
    take(child.log, child.messages, most_messages_bytes);
    if (child.result < 0) {
      finish(at->first, child);
      at = children_.erase(at);
    } else {
      ++at;
    }
  }
}

void Zygote::finish(int pid, Child& child) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (child.log >= 0) {
    take_bytes(child.log, child.messages, most_messages_bytes);
    close(child.log);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    outgoing_ += child.answer;
    return;
  }
  std::string reason;
  if (child.timed_out) {
    reason = "timed out after " + seconds_text(options_.timeout_s) + " s";
  } else if (WIFSIGNALED(status)) {
    reason = "crashed: " + signal_name(WTERMSIG(status));
    if (!child.messages.empty()) reason += ": " + last_line(child.messages);
  } else {
    reason = "exited with status " + std::to_string(WEXITSTATUS(status));
  }
  outgoing_ += to_bytes(answer(child.ticket, Error{ErrorCode::failed, reason}));
}

void Zygote::kill_late(int64_t now) {
  for (auto& [pid, child] : children_) {
    if (child.timed_out || now < child.deadline_ns) continue;
    child.timed_out = true;
    kill(-pid, SIGKILL);  // its helpers too
    kill(pid, SIGKILL);
  }
}

Status Zygote::send_answers() {
  while (!outgoing_.empty()) {
    const ssize_t count = send(options_.socket, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) {
      closed_ = true;
      return {};
    }
    outgoing_.erase(0, count);
  }
  return {};
}

int Zygote::poll_timeout_ms(int64_t now) const {
  int64_t wait_ns = -1;
  for (const auto& [pid, child] : children_) {
    if (child.timed_out) continue;
    const int64_t left = std::max<int64_t>(0, child.deadline_ns - now);
    wait_ns = wait_ns < 0 ? left : std::min(wait_ns, left);
  }
  return wait_ns < 0 ? -1 : static_cast<int>(std::min<int64_t>(wait_ns / 1'000'000 + 1, 3'600'000));
}

}  // namespace tenfold::codegen
