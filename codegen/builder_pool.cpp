#include "codegen/builder_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>

#include "codegen/process.h"
#include "codegen/protocol.h"

extern char** environ;

namespace tenfold::codegen {
namespace {

constexpr int most_attempts = 3;  // of a compile whose builder died, through whose fault ever

std::string builder_beside_this_program() {
  std::error_code none;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", none);
  return (self.parent_path() / "tenfold-builder").string();
}

}  // namespace

struct BuilderPool::State {
  struct Pending {
    std::string frame;
    int attempts = 0;
  };

  BuilderOptions options;
  pid_t builder = -1;
  int socket = -1;
  int next_ticket = 0;
  std::string incoming;
  std::map<int, Pending> pending;  // asked for and not answered
  std::deque<Finished> finished;   // answered and not taken

  ~State() { stop(); }

  Status spawn();
  int stop();  // the builder's exit status
  void send(Pending& request);
  void fail_all(const Error& error);
  void restart();
};

Status BuilderPool::State::spawn() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return Error{ErrorCode::io, std::string("cannot make a socket: ") + std::strerror(errno)};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, pair[1], 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  // A process group of its own: Ctrl-C is for the program, which then closes the socket.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none), sigfillset(&all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  std::string path = options.builder_path, jobs = std::to_string(options.jobs),
              timeout = std::to_string(options.timeout_s);
  char* arguments[] = {path.data(), jobs.data(), timeout.data(), nullptr};
  const int error = posix_spawn(&builder, path.c_str(), &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  close(pair[1]);
  socket = pair[0];
  incoming.clear();
  if (error == 0) return {};
  builder = -1;
  return Error{error == ENOENT ? ErrorCode::not_found : ErrorCode::io,
               "cannot start " + path + ": " + std::strerror(error)};
}

int BuilderPool::State::stop() {
  int status = 0;
  if (socket >= 0) close(socket);
  socket = -1;
  if (builder > 0) {
    kill(builder, SIGKILL);  // its children ask to die with it
    while (waitpid(builder, &status, 0) < 0 && errno == EINTR) {
    }
  }
  builder = -1;
  return status;
}

// A builder that is gone shows when its answers are read.
void BuilderPool::State::send(Pending& request) {
  ++request.attempts;
  std::string_view bytes = request.frame;
  while (!bytes.empty() && socket >= 0) {
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes.remove_prefix(count);
  }
}

void BuilderPool::State::fail_all(const Error& error) {
  for (const auto& [ticket, request] : pending) finished.push_back({ticket, error});
  pending.clear();
}

void BuilderPool::State::restart() {
  const int status = stop();
  const std::string how = WIFSIGNALED(status)
                              ? "died of " + signal_name(WTERMSIG(status))
                              : "ended with status " + std::to_string(WEXITSTATUS(status));
  for (auto at = pending.begin(); at != pending.end();) {
    if (at->second.attempts < most_attempts) {
      ++at;
      continue;
    }
    finished.push_back({at->first, Error{ErrorCode::failed, "the builder " + how}});
    at = pending.erase(at);
  }
  if (pending.empty()) return;
  if (const Status spawned = spawn(); !spawned) return fail_all(spawned.error());
  for (auto& [ticket, request] : pending) send(request);
}

BuilderPool::BuilderPool(std::unique_ptr<State> state) : state_(std::move(state)) {}
BuilderPool::~BuilderPool() = default;

Result<std::unique_ptr<BuilderPool>> BuilderPool::start(const BuilderOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  if (options.builder_path.empty()) state->options.builder_path = builder_beside_this_program();
  TENFOLD_CHECK(state->spawn());
  return std::unique_ptr<BuilderPool>(new BuilderPool(std::move(state)));
}

int BuilderPool::submit(const KernelRequest& request) {
  const int ticket = state_->next_ticket++;
  State::Pending& pending = state_->pending[ticket];
  pending.frame = to_bytes({"compile", ticket, request_text(request)});
  if (state_->builder < 0) {
    if (const Status spawned = state_->spawn(); !spawned) {
      state_->fail_all(spawned.error());
      return ticket;
    }
  }
  state_->send(pending);
  return ticket;
}

int BuilderPool::pending() const {
  return static_cast<int>(state_->pending.size() + state_->finished.size());
}

bool BuilderPool::ready(int timeout_ms) const {
  if (!state_->finished.empty() || state_->socket < 0) return true;
  pollfd readable{.fd = state_->socket, .events = POLLIN, .revents = 0};
  return poll(&readable, 1, timeout_ms) > 0;
}

BuilderPool::Finished BuilderPool::wait() {
  State& state = *state_;
  assert(pending() > 0);
  while (state.finished.empty()) {
    char buffer[1 << 16];
    const ssize_t count = recv(state.socket, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) state.incoming.append(buffer, count);
    for (;;) {
      auto frame = take_frame(state.incoming);
      if (!frame || !*frame) {
        if (!frame || count <= 0) state.restart();
        break;
      }
      if (state.pending.erase((*frame)->ticket))
        state.finished.push_back({(*frame)->ticket, parse_answer(**frame)});
    }
  }
  Finished first = std::move(state.finished.front());
  state.finished.pop_front();
  return first;
}

}  // namespace tenfold::codegen
