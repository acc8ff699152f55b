// Candidates that crash, hang or lie, and what the runner says of them.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "tests/autotune/runner_support.h"

namespace tenfold::autotune {
namespace {

using testing::HasSubstr;

constexpr const char* relu = "for (int i = 0; i < 128; ++i) y[i] = x[i] > 0 ? x[i] : 0;";

/// One runner for a task of 128 elements, y = relu(x), and candidates from C.
class BadCandidates : public testing::Test {
 protected:
  void SetUp() override { start({1, 4, 4, 8}, relu); }

  /// `right` is a body that computes the task.
  void start(const Dims& dims, const std::string& right) {
    right_ = right;
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
    const Measurement good = measure(right_);
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
  std::string right_;
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
  const std::string large = "for (int i = 0; i < 32768; ++i) y[i] = x[i] > 0 ? x[i] : 0;";
  start({1, 64, 64, 8}, large);  // 128 KB, on huge pages
  expect_health();
  expect_failure(TrialStatus::run_failed, "SIGSEGV", "y[32768] = 0;" + large);
  expect_failure(TrialStatus::run_failed, "SIGSEGV",
                 "*(volatile const float*)(x + 32768);" + large);
  expect_failure(TrialStatus::wrong_result, "before its begin", "y[-1] = 0;" + large);
  expect_failure(TrialStatus::wrong_result, "before its begin", "y[-30000] = 0;" + large);
  expect_failure(
      TrialStatus::run_failed, "SIGSEGV",
      "float* s = halide_malloc(context, 1 << 20); s[-4096] = 1; halide_free(context, s);" + large);
  expect_failure(TrialStatus::wrong_result, "got nan", large + " y[5] = x[-9] * 0 + y[5];");
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

}  // namespace
}  // namespace tenfold::autotune
