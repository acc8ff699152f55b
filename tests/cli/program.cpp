#include "tests/cli/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tenfold::cli::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The child's part; only what is safe between fork and exec.
[[noreturn]] void become(char* const* arguments, const RunOptions& options, int out, int err) {
  setpgid(0, 0);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (options.file_size_limit_bytes > 0) {
    const rlim_t bytes = static_cast<rlim_t>(options.file_size_limit_bytes);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);  // so that write fails, as it does on a full disk
  }
  if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) _exit(126);
  execvp(arguments[0], arguments);
  _exit(127);
}

bool drain(int file, std::string& text) {
  char buffer[65536];
  const ssize_t count = read(file, buffer, sizeof buffer);
  if (count > 0) text.append(buffer, static_cast<size_t>(count));
  return count > 0;
}

Outcome spawn(std::vector<std::string> command, const RunOptions& options,
              const std::string& cache) {
  command.insert(command.begin(), {"env", "XDG_CACHE_HOME=" + cache});
  command.insert(command.begin() + 2, options.environment.begin(), options.environment.end());
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return {};

  const Clock::time_point start = Clock::now();
  const pid_t child = fork();
  if (child == 0) become(arguments.data(), options, out[1], err[1]);
  close(out[1]);
  close(err[1]);

  Outcome outcome;
  bool out_open = true, err_open = true, interrupted = false, killed = false;
  while (out_open || err_open) {
    pollfd files[2] = {{out_open ? out[0] : -1, POLLIN, 0}, {err_open ? err[0] : -1, POLLIN, 0}};
    poll(files, 2, 20);
    if (files[0].revents) out_open = drain(out[0], outcome.out);
    if (files[1].revents) err_open = drain(err[0], outcome.err);
    const double spent = seconds_since(start);
    const bool due = (options.interrupt_after_s > 0 && spent >= options.interrupt_after_s) ||
                     (!options.interrupt_at.empty() &&
                      outcome.out.find(options.interrupt_at) != std::string::npos);
    if (due && !interrupted) {
      interrupted = true;
      outcome.seconds = spent;  // the time of the signal, for now
      kill(child, SIGINT);
    }
    if (spent > options.timeout_s && !killed) {
      killed = true;
      kill(-child, SIGKILL);
    }
  }
  close(out[0]);
  close(err[0]);
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.seconds = seconds_since(start) - (interrupted ? outcome.seconds : 0);
  outcome.peak_rss_bytes = static_cast<int64_t>(usage.ru_maxrss) * 1024;
  return outcome;
}

}  // namespace

std::string Outcome::error_line() const {
  // AddressSanitizer has a line of its own about the builder's fibres.
  if (const size_t end = err.find('\n');
      end != std::string::npos && end + 1 < err.size() &&
      err.substr(0, end).find("ASan doesn't fully support makecontext") != std::string::npos)
    return Outcome{.err = err.substr(end + 1)}.error_line();
  const bool one = !err.empty() && err.find('\n') == err.size() - 1;
  return one ? err.substr(0, err.size() - 1) : "";
}

Workplace::Workplace() {
  std::string pattern = (fs::temp_directory_path() / "tenfold-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) std::abort();
  folder_ = pattern;
  fs::create_directory(path("cache"));
}

Workplace::~Workplace() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Workplace::write(const std::string& name, const std::string& bytes) const {
  std::ofstream(path(name), std::ios::binary) << bytes;
  return path(name);
}

std::vector<std::string> Workplace::list(const std::string& name) const {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::recursive_directory_iterator(path(name), failed))
    names.push_back(entry.path());
  std::sort(names.begin(), names.end());
  return names;
}

Outcome Workplace::run(const std::vector<std::string>& command, RunOptions options) const {
  return spawn(command, options, path("cache"));
}

Outcome Workplace::tenfold(const std::vector<std::string>& arguments, RunOptions options) const {
  std::vector<std::string> command{TENFOLD_BIN_DIR "/tenfold"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run(command, std::move(options));
}

const std::string& models() {
  static const Workplace place;
  static const std::string folder = [] {
    const Outcome made = place.run(
        {TENFOLD_PYTHON, TENFOLD_SOURCE_DIR "/tests/cli/models.py", place.path("models")});
    EXPECT_EQ(made.code, 0) << made.err;
    return place.path("models");
  }();
  return folder;
}

}  // namespace tenfold::cli::testing
