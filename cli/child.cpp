#include "cli/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "cli/interrupt.h"

extern char** environ;

namespace tenfold::cli {
namespace {

constexpr size_t max_answer_bytes = 64 << 20;

/// For an exec call; points into the words.
std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  return all;
}

/// Whether these variables (NAME=VALUE) have one of the same name.
bool is_set_in(const std::vector<std::string>& variables, std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('=') + 1);
  return std::any_of(variables.begin(), variables.end(),
                     [&](const std::string& set) { return set.starts_with(name); });
}

ErrorCode code_named(const std::string& name) {
  for (const ErrorCode code :
       {ErrorCode::invalid_argument, ErrorCode::invalid_model, ErrorCode::invalid_shape,
        ErrorCode::unsupported, ErrorCode::not_found, ErrorCode::io, ErrorCode::corrupt,
        ErrorCode::unavailable, ErrorCode::cancelled})
    if (name == to_string(code)) return code;
  return ErrorCode::failed;
}

}  // namespace

Result<Child> Child::start(const std::string& name, const std::vector<std::string>& command,
                           const std::vector<std::string>& environment) {
  Child child;
  child.name_ = name;
  int to[2], from[2];
  if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0)
    return Error{ErrorCode::io, name + ": no pipe: " + std::strerror(errno)};
  child.to_ = to[1];
  child.from_ = from[0];
  child.log_ = ::memfd_create("tenfold-child-log", MFD_CLOEXEC);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, child.log_, STDERR_FILENO);
  std::vector<char*> arguments = pointers(command), variables = pointers(environment);
  arguments.push_back(nullptr);
  for (char** variable = environ; *variable; ++variable)
    if (!is_set_in(environment, *variable)) variables.push_back(*variable);
  variables.push_back(nullptr);
  // A process group of its own, so that it ends with all that it has started: OpenVINO forks to
  // report failures home, and where there is no network that process never ends.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int failed = ::posix_spawnp(&child.pid_, arguments[0], &actions, &attributes,
                                    arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(to[0]);
  ::close(from[1]);
  if (failed) {
    child.pid_ = -1;
    return Error{ErrorCode::unavailable,
                 name + ": can't start " + command[0] + ": " + std::strerror(failed)};
  }
  return child;
}

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)),
      pid_(std::exchange(other.pid_, -1)),
      to_(std::exchange(other.to_, -1)),
      from_(std::exchange(other.from_, -1)),
      log_(std::exchange(other.log_, -1)),
      buffered_(std::move(other.buffered_)) {}

Child::~Child() {
  for (const int file : {to_, from_, log_})
    if (file >= 0) ::close(file);
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string Child::last_words() {
  char text[4096];
  const off_t size = ::lseek(log_, 0, SEEK_END);
  const off_t start =
      size > static_cast<off_t>(sizeof text) ? size - static_cast<off_t>(sizeof text) : 0;
  const ssize_t count = ::pread(log_, text, sizeof text, start);
  std::string words(text, count > 0 ? static_cast<size_t>(count) : 0);
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  const size_t line = words.rfind('\n');
  return line == std::string::npos ? words : words.substr(line + 1);
}

Result<nlohmann::json> Child::call(const nlohmann::json& request) {
  const std::string line = request.dump() + "\n";
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t count = ::write(to_, line.data() + sent, line.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;  // it died: the read below says how
    sent += static_cast<size_t>(count);
  }
  size_t end;
  while ((end = buffered_.find('\n')) == std::string::npos) {
    TENFOLD_CHECK(check_interrupted());
    pollfd ready{.fd = from_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 100) <= 0) continue;
    char text[65536];
    const ssize_t count = ::read(from_, text, sizeof text);
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) buffered_.append(text, static_cast<size_t>(count));
    if (count > 0 && buffered_.size() < max_answer_bytes) continue;
    TENFOLD_CHECK(check_interrupted());
    const std::string words = last_words();
    return Error{ErrorCode::failed,
                 name_ + " stopped without an answer" + (words.empty() ? "" : ": " + words)};
  }
  const std::string answer_text = buffered_.substr(0, end);
  buffered_.erase(0, end + 1);
  nlohmann::json answer = nlohmann::json::parse(answer_text, nullptr, false);
  if (!answer.is_object())
    return Error{ErrorCode::failed, name_ + " answered nonsense: " + answer_text.substr(0, 200)};
  if (answer.contains("error"))
    return Error{code_named(answer.value("code", "failed")),
                 answer.value("error", "unknown error")};
  return answer;
}

}  // namespace tenfold::cli
