#include "tests/kernel_farm.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <sstream>
#include <thread>

#include "dsl/op.h"

namespace tenfold::testing_support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double limit_s = 120;  // of one kernel: compiling, computing, comparing

std::vector<std::string> split_at_bars(const std::string& line) {
  std::vector<std::string> parts;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, '|');) {
    const size_t first = part.find_first_not_of(' '), last = part.find_last_not_of(' ');
    parts.push_back(first == std::string::npos ? "" : part.substr(first, last - first + 1));
  }
  return parts;
}

struct Child {
  pid_t pid = -1;
  int pipe = -1;
  size_t job = 0;
  std::string said;
  Clock::time_point deadline;
};

Child start(const KernelJob& job, size_t index, const Target& target) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    const auto result = kernel_matches(job.task, job.config, target, job.run);
    const std::string text = result ? "" : result.message();
    for (size_t at = 0; at < text.size();) {
      const ssize_t written = write(ends[1], text.data() + at, text.size() - at);
      if (written <= 0) break;
      at += static_cast<size_t>(written);
    }
    _exit(result ? 0 : 1);  // no destructors: the work folder is the parent's
  }
  if (pid < 0) std::abort();
  close(ends[1]);
  return {pid, ends[0], index, "",
          Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(limit_s * 1000))};
}

/// What a child that has closed its pipe leaves to say.
std::string verdict(Child& child, bool killed) {
  int status = 0;
  close(child.pipe);
  waitpid(child.pid, &status, 0);
  if (killed) return "did not end in time";
  if (WIFSIGNALED(status)) return std::string("crashed: ") + strsignal(WTERMSIG(status));
  if (status == 0) return "";
  return child.said.empty() ? "exit code " + std::to_string(WEXITSTATUS(status)) : child.said;
}

/// Reads what has come; whether the child is done, or had to be killed.
bool attend(Child& child, bool readable, bool& killed) {
  if (readable) {
    char text[4096];
    const ssize_t got = read(child.pipe, text, sizeof text);
    if (got > 0) child.said.append(text, static_cast<size_t>(got));
    if (got <= 0) return true;
  }
  killed = Clock::now() > child.deadline;
  if (killed) kill(child.pid, SIGKILL);
  return killed;
}

// Halide's own runtime is loaded once, before processes part.
void warm_up(const Target& target) {
  static const bool done = [&] {
    const Task task = *dsl::parse_op_spec("map w=2 c=8");
    return static_cast<bool>(kernel_matches(task, schedules::initial_config(task, target), target));
  }();
  EXPECT_TRUE(done);
}

}  // namespace

std::string to_text(const KernelJob& job) {
  const KernelRun& run = job.run;
  std::string text =
      to_text(job.task) + " | " + to_text(job.config) + " | seed=" + std::to_string(run.seed) +
      " integers=" + std::to_string(run.integers) + " asserts=" + std::to_string(run.asserts) +
      " in_place=" + std::to_string(run.in_place_input) + " scale=" + number_text(run.scale);
  if (run.against) text += " | against " + to_text(*run.against);
  return text;
}

Result<KernelJob> parse_job(const std::string& line) {
  const std::vector<std::string> parts = split_at_bars(line);
  if (parts.size() < 2 || parts.size() > 4)
    return Error{ErrorCode::invalid_argument, "a job is TASK | CONFIG | OPTIONS | against CONFIG"};
  KernelJob job;
  TENFOLD_TRY(job.task, dsl::parse_op_spec(parts[0]));
  TENFOLD_TRY(job.config, parse_config(parts[1]));
  if (parts.size() > 2) {
    TENFOLD_TRY(const Task options, parse_task("options " + parts[2]));
    job.run.seed = static_cast<uint64_t>(options.attrs.get_int("seed", 1));
    job.run.integers = options.attrs.get_int("integers", 1) != 0;
    job.run.asserts = options.attrs.get_int("asserts", 0) != 0;
    job.run.in_place_input = static_cast<int>(options.attrs.get_int("in_place", -1));
    job.run.scale = options.attrs.get("scale", 1);
  }
  if (parts.size() > 3) {
    const std::string word = "against ";
    if (!parts[3].starts_with(word))
      return Error{ErrorCode::invalid_argument, "the fourth part of a job is: against CONFIG"};
    TENFOLD_TRY(job.run.against, parse_config(parts[3].substr(word.size())));
  }
  return job;
}

std::vector<std::string> check_kernels(const std::vector<KernelJob>& jobs, const Target& target,
                                       int at_once) {
  warm_up(target);
  if (at_once <= 0) at_once = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<std::string> verdicts(jobs.size());
  std::vector<Child> children;
  size_t next = 0;
  while (next < jobs.size() || !children.empty()) {
    while (next < jobs.size() && static_cast<int>(children.size()) < at_once) {
      children.push_back(start(jobs[next], next, target));
      ++next;
    }
    std::vector<pollfd> waits;
    for (const Child& child : children) waits.push_back({child.pipe, POLLIN, 0});
    poll(waits.data(), waits.size(), 1000);
    for (size_t i = children.size(); i-- > 0;) {
      bool killed = false;
      if (!attend(children[i], waits[i].revents != 0, killed)) continue;
      verdicts[children[i].job] = verdict(children[i], killed);
      children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return verdicts;
}

}  // namespace tenfold::testing_support
