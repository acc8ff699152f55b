#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "tests/autotune/runner_support.h"

namespace tenfold::autotune {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* relu = "for (int i = 0; i < 128; ++i) y[i] = x[i] > 0 ? x[i] : 0;";

/// One runner for a task of 128 elements, y = relu(x), and candidates from C.
class BadCandidates : public testing::Test {
 protected:
  void SetUp() override { start({1, 4, 4, 8}); }

  void start(const Dims& dims) {
    task_.op = "map";
    task_.inputs = task_.outputs = {dense_view(DType::f32, dims)};
    task_.epilogue = {{"relu", {}, -1}};
    RunnerOptions options;
    options.timeout_s = 1;
    runner_ = start_runner(options);
    ASSERT_TRUE(runner_);
    const Status ready = runner_->prepare(task_, target_, 2);
    ASSERT_TRUE(ready) << ready.error().message;
  }

  Measurement measure(const std::string& body, const std::string& before = "") {
    const std::string name = "kernel" + std::to_string(count_++) + ".c";
    return runner_->measure(
        candidate_of(task_, target_, object_of(folder_, name, kernel_source(body, before))));
  }

  /// The runner goes on: the next candidate is measured as if nothing had been.
  void expect_health() {
    const Measurement good = measure(relu);
    EXPECT_EQ(good.status, TrialStatus::ok) << good.reason;
    EXPECT_GE(good.samples_ns.size(), 3u);
    EXPECT_LT(good.samples_ns.size(), thorough_samples);
  }

  void expect_failure(TrialStatus status, const std::string& words, const std::string& body,
                      const std::string& before = "") {
    const Measurement bad = measure(body, before);
    EXPECT_EQ(bad.status, status) << to_string(bad.status) << ": " << bad.reason;
    EXPECT_THAT(bad.reason, HasSubstr(words));
    EXPECT_TRUE(bad.samples_ns.empty() || status == TrialStatus::wrong_result);
    EXPECT_TRUE(bad.about_candidate);
    expect_health();
  }

  const Folder folder_;
  const Target target_ = *parse_target("x86_64-avx2");
  Task task_;
  std::unique_ptr<RunnerClient> runner_;
  int count_ = 0;
};

TEST_F(BadCandidates, GoodOneIsMeasured) {
  expect_health();
}

TEST_F(BadCandidates, Crash) {
  expect_failure(TrialStatus::run_failed, "crashed: SIGSEGV", "*(volatile int*)8 = 1;");
  expect_failure(TrialStatus::run_failed, "crashed: SIGILL", "__asm__ volatile(\"ud2\");");
  expect_failure(TrialStatus::run_failed, "crashed: SIGFPE",
                 "volatile int zero = 0; y[0] = 100 / zero;");
}

TEST_F(BadCandidates, Hang) {
  expect_failure(TrialStatus::timeout, "longer than 1 s", "for (;;) __asm__ volatile(\"\");");
}

TEST_F(BadCandidates, NotANumber) {
  expect_failure(TrialStatus::wrong_result, "output 0[0,1,0,3]: got nan, want ",
                 std::string(relu) + " y[35] = 0.0f / (x[0] - x[0]);");
}

TEST_F(BadCandidates, WrongValue) {
  expect_failure(TrialStatus::wrong_result, "output 0[0,3,3,7]: got 77, want ",
                 std::string(relu) + " y[127] = 77;");
  expect_failure(TrialStatus::wrong_result, "output 0[0,0,0,0]: got nan", "");
}

TEST_F(BadCandidates, WriteOutOfBounds) {
  expect_failure(TrialStatus::run_failed, "crashed: SIGSEGV", std::string(relu) + " y[128] = 0;");
  expect_failure(TrialStatus::wrong_result, "before its begin", std::string(relu) + " y[-1] = 0;");
  expect_failure(TrialStatus::run_failed, "crashed: SIGSEGV",
                 std::string(relu) + " if (x != y) ((float*)x)[3] = 0;");
}

TEST_F(BadCandidates, ReadOutOfBounds) {
  expect_failure(TrialStatus::run_failed, "crashed: SIGSEGV",
                 std::string(relu) + " *(volatile const float*)(x + 128);");
}

TEST_F(BadCandidates, ReturnedError) {
  expect_failure(TrialStatus::run_failed, "the kernel returned -7: no luck",
                 "halide_error(context, \"no luck\"); return -7;");
}

TEST_F(BadCandidates, RightOnlyTheFirstTimes) {
  expect_failure(TrialStatus::wrong_result, "after repeated calls",
                 std::string(relu) + " if (++calls > 3) y[5] += 1;", "static int calls;");
  expect_failure(TrialStatus::run_failed, "returned 3 when it was called again",
                 std::string(relu) + " if (++calls > 5) return 3;", "static int calls;");
}

TEST_F(BadCandidates, MisusedScratch) {
  expect_failure(
      TrialStatus::wrong_result, "past its scratch",
      std::string("float* s = halide_malloc(context, 64); s[16] = 1; halide_free(context, s);") +
          relu);
  expect_failure(
      TrialStatus::wrong_result, "past its scratch",
      std::string("float* s = halide_malloc(context, 60); s[-1] = 1; halide_free(context, s);") +
          relu);
  expect_failure(
      TrialStatus::run_failed, "SIGSEGV",
      std::string("float* s = halide_malloc(context, 64); s[40] = 1; halide_free(context, s);") +
          relu);
  expect_failure(TrialStatus::wrong_result, "keeps scratch",
                 std::string("float* s = halide_malloc(context, 64); s[0] = 1;") + relu);
  expect_failure(TrialStatus::wrong_result, "frees what it did not",
                 std::string("halide_free(context, y);") + relu);
  expect_failure(
      TrialStatus::wrong_result, "got nan",
      std::string(relu) +
          "float* s = halide_malloc(context, 64); y[0] += s[3]; halide_free(context, s);");
  expect_failure(TrialStatus::run_failed,
                 "the kernel returned -11: the kernel asks for more than 4 GiB",
                 "if (!halide_malloc(context, 1ul << 40)) return -11;");
}

TEST_F(BadCandidates, LargeBuffersAreGuardedToo) {
  start({1, 64, 64, 8});  // 128 KB, on huge pages
  const std::string large = "for (int i = 0; i < 32768; ++i) y[i] = x[i] > 0 ? x[i] : 0;";
  const Measurement good = measure(large);
  ASSERT_EQ(good.status, TrialStatus::ok) << good.reason;
  const auto expect = [&](TrialStatus status, const std::string& words, const std::string& body) {
    const Measurement bad = measure(body + large);
    EXPECT_EQ(bad.status, status) << bad.reason;
    EXPECT_THAT(bad.reason, HasSubstr(words));
  };
  expect(TrialStatus::run_failed, "SIGSEGV", "y[32768] = 0;");
  expect(TrialStatus::run_failed, "SIGSEGV", "*(volatile const float*)(x + 32768);");
  expect(TrialStatus::wrong_result, "before its begin", "y[-1] = 0;");
  expect(TrialStatus::wrong_result, "before its begin", "y[-30000] = 0;");
  expect(TrialStatus::run_failed, "SIGSEGV",
         "float* s = halide_malloc(context, 1 << 20); s[-4096] = 1; halide_free(context, s);");
  const Measurement early = measure(large + " y[5] = x[-9] * 0 + y[5];");
  EXPECT_EQ(early.status, TrialStatus::wrong_result);
  EXPECT_THAT(early.reason, HasSubstr("got nan"));
}

TEST_F(BadCandidates, LoopsRunOnTheProductsThreads) {
  const Measurement good = measure(
      "closure c = {x, y}; return halide_do_par_for(context, body, 0, 16, (unsigned char*)&c);",
      R"(typedef struct { const float* x; float* y; } closure;
         static int body(void* context, int i, unsigned char* packed) {
           closure* c = (closure*)packed;
           float* s = halide_malloc(context, 32);
           for (int j = 0; j < 8; ++j) s[j] = c->x[8 * i + j];
           for (int j = 0; j < 8; ++j) c->y[8 * i + j] = s[j] > 0 ? s[j] : 0;
           halide_free(context, s);
           return 0;
         })");
  EXPECT_EQ(good.status, TrialStatus::ok) << good.reason;
  expect_failure(
      TrialStatus::run_failed, "the kernel returned 9",
      "return halide_do_par_for(context, body, 0, 16, 0);",
      "static int body(void* context, int i, unsigned char* packed) { return i == 11 ? 9 : 0; }");
}

TEST_F(BadCandidates, CallsThatALibraryCanNotMake) {
  expect_failure(TrialStatus::build_failed, "calls system, which libraries do not have",
                 std::string(relu) + "system(\"true\");", "int system(const char*);");
  expect_failure(TrialStatus::build_failed, "calls libm's atanf",
                 std::string(relu) + "y[0] += atanf(y[0]) * 0;", "float atanf(float);");
  RunnerOptions options;
  options.allow_libm = true;
  runner_ = start_runner(options);
  ASSERT_TRUE(runner_->prepare(task_, target_, 1));
  const Measurement allowed =
      measure(std::string(relu) + "y[0] += atanf(y[0]) * 0;", "float atanf(float);");
  EXPECT_EQ(allowed.status, TrialStatus::ok) << allowed.reason;
  EXPECT_THAT(allowed.code.external_calls, testing::ElementsAre("atanf"));
}

TEST_F(BadCandidates, NoObjectAtAll) {
  std::ofstream(folder_.file("text.o")) << "not an object";
  std::ofstream(folder_.file("empty.o"));
  const std::string other = object_of(folder_, "other.c", "int something(void) { return 0; }");
  for (const std::string& object :
       {folder_.file("text.o"), folder_.file("empty.o"), folder_.file("absent.o"), other}) {
    const Measurement bad = runner_->measure(candidate_of(task_, target_, object));
    EXPECT_EQ(bad.status, TrialStatus::build_failed) << object << ": " << bad.reason;
  }
  expect_health();
}

TEST_F(BadCandidates, CancelledWhileOneRuns) {
  std::atomic<bool> cancel = false;
  RunnerOptions options;
  options.cancel = &cancel;
  runner_ = start_runner(options);
  ASSERT_TRUE(runner_->prepare(task_, target_, 1));
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancel = true;
  });
  const auto begin = std::chrono::steady_clock::now();
  const Measurement stopped = measure("for (;;) __asm__ volatile(\"\");");
  later.join();
  EXPECT_FALSE(stopped.about_candidate);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  cancel = false;
  expect_health();
}

TEST_F(BadCandidates, SlowOnesGetFewSamples) {
  const auto candidate =
      candidate_of(task_, target_, object_of(folder_, "slow.c", kernel_source(relu)));
  EXPECT_EQ(runner_->measure(candidate, {.best_ns = 0.001}).samples_ns.size(), 1u);
  EXPECT_GE(runner_->measure(candidate, {.best_ns = 0.001, .thorough = true}).samples_ns.size(),
            thorough_samples);
}

TEST_F(BadCandidates, KernelsThatBreakWhenTheyRunInPlace) {
  // y = x + z: a tail that is computed twice adds twice once y is z.
  Task sum = task_;
  sum.inputs = {sum.inputs[0], sum.inputs[0]};
  sum.inputs[0].dims = {1, 1, 1, 8};
  sum.inputs[0].strides = {8, 8, 8, 1};
  sum.epilogue = {{"add", {}, 1}};
  const Status ready = runner_->prepare(sum, target_, 1);
  ASSERT_TRUE(ready) << ready.error().message;
  const auto run = [&](const std::string& name, const std::string& loops) {
    const std::string source =
        kernel_source("const float* z = y; y = ((struct buffer*)arguments[3])->host;" + loops);
    return runner_->measure(candidate_of(sum, target_, object_of(folder_, name, source)));
  };
  const Measurement once = run("once.c", "for (int i = 0; i < 128; ++i) y[i] = x[i % 8] + z[i];");
  EXPECT_EQ(once.status, TrialStatus::ok) << once.reason;
  const Measurement twice = run("twice.c",
                                "for (int i = 0; i < 128; ++i) y[i] = x[i % 8] + z[i];"
                                "for (int i = 120; i < 128; ++i) y[i] = x[i % 8] + z[i];");
  EXPECT_EQ(twice.status, TrialStatus::wrong_result);
  EXPECT_THAT(twice.reason, HasSubstr("output 0[0,3,3,0]"));
  EXPECT_THAT(twice.reason, HasSubstr("in one buffer"));
}

TEST_F(BadCandidates, SpillsAreCountedInLoopsOnly) {
  const std::string source = R"(
    .globl candidate_argv
    candidate_argv:
      movq 8(%rdi), %rax
      movq 16(%rax), %rsi
      movq 16(%rdi), %rax
      movq 16(%rax), %rdi
      subq $136, %rsp
      vxorps %ymm9, %ymm9, %ymm9
      vmovups %ymm9, 64(%rsp)            # outside of the loop
      xorl %eax, %eax
    .Lloop:
      vmovups (%rsi,%rax,4), %ymm0
      vmovups %ymm0, 32(%rsp)            # a store
      vmovups 32(%rsp), %ymm1            # a reload
      vmaxps 64(%rsp), %ymm1, %ymm1      # a reload inside arithmetic
      movq %rax, 96(%rsp)                # not a vector
      movq 96(%rsp), %rax
      movq $0, %rcx
      vmovups %xmm9, 104(%rsp,%rcx,4)    # an indexed array
      vmovups %ymm1, (%rdi,%rax,4)
      addq $8, %rax
      cmpq $128, %rax
      jb .Lloop
      vmovups 64(%rsp), %ymm3            # outside again
      addq $136, %rsp
      xorl %eax, %eax
      vzeroupper
      ret
    .section .note.GNU-stack,"",@progbits
  )";
  const Measurement spilling =
      runner_->measure(candidate_of(task_, target_, object_of(folder_, "spills.s", source)));
  EXPECT_EQ(spilling.status, TrialStatus::ok) << spilling.reason;
  EXPECT_EQ(spilling.code.spill_stores, 1);
  EXPECT_EQ(spilling.code.spill_reloads, 2);
  EXPECT_GT(spilling.code.code_bytes, 100);
  EXPECT_LT(spilling.code.code_bytes, 200);
}

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
