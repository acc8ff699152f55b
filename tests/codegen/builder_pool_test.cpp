// Compiling in children that may be killed. The faults are made from outside: signals to the
// processes, time limits.
#include "codegen/builder_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/codegen/example_plans.h"

namespace tenfold::codegen {
namespace {

KernelRequest request_for(const std::string& spec) {
  KernelRequest request{.task = *dsl::parse_op_spec(spec), .target = *parse_target("x86_64-avx2")};
  request.config = schedules::initial_config(request.task, request.target);
  return request;
}

KernelRequest conv(int channels) {
  return request_for("conv2d n=1 h=8 w=8 c=8 k=" + std::to_string(channels) +
                     " r=3 s=3 pad=1 relu");
}

std::unique_ptr<BuilderPool> pool_of(int jobs, double timeout_s = 60) {
  auto pool = BuilderPool::start(
      {.builder_path = TENFOLD_BIN_DIR "/tenfold-builder", .jobs = jobs, .timeout_s = timeout_s});
  EXPECT_TRUE(pool) << pool.error().message;
  return *std::move(pool);
}

std::vector<int> children_of(int pid) {
  std::ifstream list("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::vector<int> children;
  for (int child; list >> child;) children.push_back(child);
  return children;
}

// Waits until a process has a child, and returns it; 0 after a minute.
int first_child_of(int pid) {
  for (int i = 0; i < 6000; ++i) {
    const std::vector<int> children = children_of(pid);
    if (!children.empty()) return children[0];
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return 0;
}

// Within ten seconds a process has ended; one that nobody has waited for yet counts as ended.
bool is_gone(int pid) {
  for (int i = 0; i < 1000; ++i) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    if (!(stat >> number >> name >> state) || state == "Z") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST(BuilderPool, AnswersEveryTicketWithItsKernel) {
  const auto pool = pool_of(2);
  std::map<int, KernelRequest> asked;
  for (int channels : {8, 16, 24}) {
    const KernelRequest request = conv(channels);
    asked[pool->submit(request)] = request;
  }
  EXPECT_EQ(pool->pending(), 3);
  while (pool->pending() > 0) {
    const BuilderPool::Finished finished = pool->wait();
    ASSERT_TRUE(finished.kernel) << finished.kernel.error().message;
    EXPECT_EQ(finished.kernel->symbol, kernel_symbol(asked.at(finished.ticket)));
    EXPECT_FALSE(finished.kernel->object.empty());
    asked.erase(finished.ticket);
  }
  EXPECT_TRUE(asked.empty());
}

TEST(BuilderPool, TheSameRequestGivesTheSameBytesInEveryBuilder) {
  std::vector<std::string> objects;
  for (int builder = 0; builder < 2; ++builder) {
    const auto pool = pool_of(2);
    if (builder == 1) pool->submit(conv(24));  // what was compiled before must not show
    for (int time = 0; time < 2; ++time) pool->submit(conv(16));
    while (pool->pending() > 0) {
      auto finished = pool->wait();
      ASSERT_TRUE(finished.kernel);
      if (finished.kernel->symbol == kernel_symbol(conv(16)))
        objects.push_back(finished.kernel->object);
    }
  }
  ASSERT_EQ(objects.size(), 4u);
  for (const std::string& object : objects) EXPECT_EQ(object == objects[0], true);
}

TEST(BuilderPool, ErrorsKeepTheirCodeAndWords) {
  const auto pool = pool_of(1);
  KernelRequest request = conv(8);
  request.config.values["nonsense"] = 1;
  pool->submit(request);
  const auto finished = pool->wait();
  ASSERT_FALSE(finished.kernel);
  EXPECT_EQ(finished.kernel.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(finished.kernel.error().message, testing::HasSubstr("nonsense=1"));
}

TEST(BuilderPool, ACompileThatTakesTooLongIsKilled) {
  const auto pool = pool_of(1, 0.001);
  pool->submit(conv(16));
  pool->submit(conv(8));
  for (int i = 0; i < 2; ++i) {
    const auto finished = pool->wait();
    ASSERT_FALSE(finished.kernel);
    EXPECT_EQ(finished.kernel.error().message, "timed out after 0.001 s");
  }
}

TEST(BuilderPool, ACompileThatHangsIsKilledAndTheOthersGoOn) {
  const auto pool = pool_of(1, 5);
  pool->submit(conv(16));
  const int child = first_child_of(first_child_of(getpid()));
  ASSERT_GT(child, 0);
  kill(child, SIGSTOP);
  pool->submit(conv(8));
  const auto finished = pool->wait();
  ASSERT_FALSE(finished.kernel);
  EXPECT_EQ(finished.kernel.error().message, "timed out after 5 s");
  EXPECT_TRUE(pool->wait().kernel);
}

TEST(BuilderPool, ACrashNamesItsSignalAndTheOthersGoOn) {
  const auto pool = pool_of(1);
  bool crashed = false;
  // A compile may be over before the signal arrives: then the next one is hit.
  for (int attempt = 0; attempt < 20 && !crashed; ++attempt) {
    pool->submit(conv(16));
    if (const int child = first_child_of(first_child_of(getpid()))) kill(child, SIGSEGV);
    const auto finished = pool->wait();
    if (finished.kernel) continue;
    EXPECT_THAT(finished.kernel.error().message, testing::StartsWith("crashed: SIGSEGV"));
    crashed = true;
  }
  EXPECT_TRUE(crashed);
  pool->submit(conv(8));
  EXPECT_TRUE(pool->wait().kernel);
}

TEST(BuilderPool, SurvivesTheBuildersOwnDeath) {
  const auto pool = pool_of(2);
  for (int channels : {8, 16}) pool->submit(conv(channels));
  kill(first_child_of(getpid()), SIGKILL);
  for (int i = 0; i < 2; ++i) {
    const auto finished = pool->wait();
    EXPECT_TRUE(finished.kernel) << finished.kernel.error().message;
  }
  kill(first_child_of(getpid()), SIGKILL);  // while nothing is asked of it
  pool->submit(conv(8));
  EXPECT_TRUE(pool->wait().kernel);
}

TEST(BuilderPool, GivesUpOnACompileThatKillsItsBuilderAgainAndAgain) {
  const auto pool = pool_of(1);
  pool->submit(conv(8));
  std::atomic<bool> done = false;
  std::thread killer([&] {
    while (!done) {
      for (int child : children_of(getpid())) kill(child, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  const auto finished = pool->wait();
  done = true;
  killer.join();
  ASSERT_FALSE(finished.kernel);
  EXPECT_EQ(finished.kernel.error().message, "the builder died of SIGKILL");
}

TEST(BuilderPool, LeavesNoProcessBehind) {
  int builder = 0, child = 0;
  {
    const auto pool = pool_of(1);
    pool->submit(conv(16));
    builder = first_child_of(getpid());
    child = first_child_of(builder);
    kill(child, SIGSTOP);
  }
  EXPECT_TRUE(is_gone(builder));
  EXPECT_TRUE(is_gone(child));
}

TEST(BuilderPool, DiesWithTheProgramThatStartedIt) {
  int report[2];
  ASSERT_EQ(pipe(report), 0);
  const pid_t program = fork();
  if (program == 0) {
    auto pool = pool_of(1);
    pool->submit(conv(16));
    const int builder = first_child_of(getpid());
    int pids[2] = {builder, first_child_of(builder)};
    kill(pids[1], SIGSTOP);
    if (write(report[1], pids, sizeof pids) != sizeof pids) _exit(1);
    for (;;) pause();
  }
  int pids[2] = {0, 0};
  ASSERT_EQ(read(report[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  kill(program, SIGKILL);
  waitpid(program, nullptr, 0);
  for (const int pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
  close(report[0]), close(report[1]);
}

TEST(BuilderPool, AMissingBuilderIsNamed) {
  const auto pool = BuilderPool::start({.builder_path = "/no/such/builder"});
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().code, ErrorCode::not_found);
  EXPECT_THAT(pool.error().message, testing::HasSubstr("/no/such/builder"));
}

}  // namespace
}  // namespace tenfold::codegen
