#include <gmock/gmock.h>

#include "tests/autotune/runner_support.h"

namespace tenfold::autotune {
namespace {

using testing::HasSubstr;

TEST(Runner, IsNotStartedWhereItIsNot) {
  RunnerOptions options;
  options.runner_path = "/nonexistent/tenfold-runner";
  EXPECT_EQ(RunnerClient::start(options).error().code, ErrorCode::io);
  options.runner_path = "/bin/true";
  const auto ended = RunnerClient::start(options);
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message,
              HasSubstr("/bin/true: ended before it was ready (exit code 0)"));
}

/// A runner killed from outside before it is ready says nothing about what it is to measure.
TEST(Runner, IsStartedAgainWhenItIsKilledBeforeItIsReady) {
  const Folder folder;
  const std::string count = folder.file("count"), program = folder.file("runner");
  std::ofstream(program) << "#!/bin/sh\n"
                         << "echo >> " << count << "\n"
                         << "[ $(wc -l < " << count << ") -le 2 ] && kill -KILL $$\n"
                         << "exec " << TENFOLD_BIN_DIR << "/tenfold-runner\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  RunnerOptions options;
  options.runner_path = program;
  const auto runner = RunnerClient::start(options);
  ASSERT_TRUE(runner) << runner.error().message;
  const Task task = *dsl::parse_op_spec("conv2d n=1 h=6 w=6 c=3 k=4 r=3 s=3 pad=1 relu");
  const Status ready = (*runner)->prepare(task, *parse_target("x86_64-avx2"), 1);
  EXPECT_TRUE(ready) << ready.error().message;
}

TEST(Runner, LeavesNoFiles) {
  const Folder folder;
  RunnerOptions options;
  options.work_folder = folder.file("work");
  auto runner = start_runner(options);
  Task task = *dsl::parse_op_spec("conv2d n=1 h=6 w=6 c=3 k=4 r=3 s=3 pad=1 relu");
  ASSERT_TRUE(runner->prepare(task, *parse_target("x86_64-avx2"), 1));
  EXPECT_FALSE(std::filesystem::is_empty(folder.path() / "work"));
  runner.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "work"));
}

/// What the compiler makes is right on views with halos, gaps and offsets, with packed constants.
TEST(Runner, MeasuresWhatTheCompilerMakes) {
  const Folder folder;
  const Target target = *parse_target("x86_64-avx2");
  auto runner = start_runner();
  ASSERT_TRUE(runner);
  Task framed = *dsl::parse_op_spec("conv2d n=2 h=9 w=7 c=5 k=12 r=3 s=3 pad=1 bias relu");
  View& in = framed.inputs[0];
  in.halo = {1, 1, 1, 1};
  in.strides = {11 * 9 * 16, 9 * 16, 16, 1};
  in.offset = 9 * 16 + 16 + 3;
  View& out = framed.outputs[0];
  out.strides = {9 * 7 * 40, 7 * 40, 40, 1};
  out.offset = 8;
  for (const Task& task :
       {*dsl::parse_op_spec("conv2d n=1 h=14 w=13 c=16 k=24 r=3 s=3 pad=1 bias relu"), framed}) {
    const Status ready = runner->prepare(task, target, 2);
    ASSERT_TRUE(ready) << ready.error().message;
    for (const schedules::Space* space : schedules::spaces_for(task, target)) {
      const Measurement measured =
          runner->measure(compiled(folder, task, target, space->initial(task, target)));
      EXPECT_EQ(measured.status, TrialStatus::ok) << space->name << ": " << measured.reason;
    }
  }
}

/// Cold weights: each call reads another copy of the constants, and is as right.
TEST(Runner, RotatesCopiesOfTheConstants) {
  const Folder folder;
  const Target target = *parse_target("x86_64-avx2");
  RunnerOptions options;
  options.rotate_bytes = 1 << 20;
  auto runner = start_runner(options);
  const Task task = *dsl::parse_op_spec("conv2d n=1 h=6 w=7 c=16 k=24 r=3 s=3 pad=1 bias relu");
  ASSERT_TRUE(runner->prepare(task, target, 1));
  const Config config = schedules::initial_config(task, target);
  const Measurement measured = runner->measure(compiled(folder, task, target, config));
  EXPECT_EQ(measured.status, TrialStatus::ok) << measured.reason;
}

/// Figures: the kernel's times, warm and cold, beside the peak and the moved bytes.
TEST(Runner, TimesBesideWhatBounds) {
  const Folder folder;
  const Target target = *parse_target("x86_64-avx2");
  auto runner = start_runner();
  const Task task = *dsl::parse_op_spec("conv2d n=1 h=12 w=14 c=32 k=64 r=3 s=3 pad=1 bias relu");
  const Config config = schedules::initial_config(task, target);
  const Candidate candidate = compiled(folder, task, target, config);
  for (const int threads : {1, 2}) {
    ASSERT_TRUE(runner->prepare(task, target, threads));
    ASSERT_EQ(runner->measure(candidate).status, TrialStatus::ok);
    const auto figures = runner->figures(candidate, {.samples = 3,
                                                     .sample_ns = 50'000,
                                                     .lanes = {8},
                                                     .read_bytes = 12 * 14 * 32 * 4,
                                                     .constant_bytes = 9 * 32 * 64 * 4,
                                                     .write_bytes = 12 * 14 * 64 * 4});
    ASSERT_TRUE(figures) << figures.error().message;
    ASSERT_EQ(figures->peaks.size(), 1u);
    EXPECT_EQ(figures->peaks[0].lanes, 8);
    for (const auto* series : {&figures->warm_ns, &figures->cold_ns, &figures->memory_ns,
                               &figures->cold_memory_ns, &figures->peaks[0].gflops}) {
      ASSERT_EQ(series->size(), 3u);
      for (const double value : *series) EXPECT_GT(value, 0);
    }
    EXPECT_EQ(figures->loaded_gflops.size(), 4 * 3u);
    for (const double value : figures->loaded_gflops) EXPECT_GT(value, 0);
    // Flushed constants have to come from memory.
    EXPECT_GT(figures->cold_memory_ns[0], figures->memory_ns[0]);
  }
}

TEST(Runner, HasNoFiguresOfNoObject) {
  auto runner = start_runner();
  const Target target = *parse_target("x86_64-avx2");
  ASSERT_TRUE(runner->prepare(*dsl::parse_op_spec("map n=1 h=2 w=2 c=4 relu"), target, 1));
  const auto figures = runner->figures({.config = {"rows", {}}, .object_path = "/absent.o"}, {});
  ASSERT_FALSE(figures);
  EXPECT_NE(figures.error().message.find("/absent.o"), std::string::npos);
}

}  // namespace
}  // namespace tenfold::autotune
