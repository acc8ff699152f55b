// The minimiser against made-up faults: what is left of a large problem is what the fault needs.
#include "tests/minimise.h"

#include "dsl/op.h"
#include "tests/problems.h"
#include "tests/shrink.h"

namespace tenfold {
namespace {

using namespace testing_support;

KernelJob job(const std::string& spec) {
  const auto task = dsl::parse_op_spec(spec);
  EXPECT_TRUE(task) << (task ? "" : task.error().message);
  return {*task, schedules::initial_config(*task, *parse_target("host")), {}};
}

TEST(Minimise, LeavesWhatTheFaultNeeds) {
  const Target target = *parse_target("host");
  const KernelJob large =
      job("conv2d n=3 h=17 w=19 c=24 k=37 r=5 s=3 stride=2 dilation_h=2 pad_top=3 pad_left=1 "
          "groups=1 halo bias add relu");
  const auto fails = [](const KernelJob& candidate) {
    const Task& task = candidate.task;
    return task.attrs.get_int("kernel_w", 1) == 3 && task.outputs[0].dims[3] > 16 &&
           !task.epilogue.empty() && task.epilogue.back().kind == "relu";
  };
  ASSERT_TRUE(fails(large));
  const KernelJob least = minimise(large, target, fails);
  EXPECT_TRUE(fails(least));
  EXPECT_EQ(to_text(least.task),
            "conv2d dilation_h=1 dilation_w=1 groups=1 kernel_h=1 kernel_w=3 pad_bottom=0 "
            "pad_left=1 pad_right=0 pad_top=0 stride_h=1 stride_w=1 "
            "in=f32:1x1x2x1:2,2,1,1:0:0,0,0,0 out=f32:1x1x1x17:17,17,17,1:0:0,0,0,0 do=relu");
  EXPECT_TRUE(schedules::check(least.task, target, least.config));
}

TEST(Minimise, TakesConfigsTowardsTheirFirstValues) {
  const Target target = *parse_target("host");
  KernelJob large = job("gemm m=12 n=64 k=100 bias relu");
  const schedules::Space& space = **schedules::find_space("gemm");
  std::mt19937_64 random(1);
  for (int attempt = 0; attempt < 500 && large.config.at("tile") < 2; ++attempt)
    large.config = *random_config(space, large.task, target, random);
  ASSERT_GE(large.config.at("tile"), 2);
  const KernelJob least = minimise(
      large, target, [](const KernelJob& candidate) { return candidate.config.at("tile") >= 2; });
  EXPECT_EQ(least.config.at("tile"), 2);
  EXPECT_TRUE(least.task.epilogue.empty());
}

TEST(Minimise, KeepsNothingWhereEverythingFails) {
  const Target target = *parse_target("host");
  Random random(5);
  for (const Family& family : families()) {
    const Problem problem = make_problem(family, random);
    const KernelJob large{problem.task, schedules::initial_config(problem.task, target), {}};
    const KernelJob least = minimise(
        large, target, [](const KernelJob&) { return true; }, 2000);
    EXPECT_TRUE(dsl::check(least.task)) << family.name;
    EXPECT_TRUE(least.task.epilogue.empty() && least.task.prologue.empty()) << family.name;
    for (const View& view : least.task.outputs)
      EXPECT_EQ(view.strides, dense_strides(view.dims)) << family.name << to_text(least.task);
    if (large.config.algorithm != "winograd")  // it serves no less than 16 channels
      EXPECT_LE(*volume(least.task.outputs[0].dims), 4) << to_text(least.task);
  }
}

TEST(Minimise, EveryStepIsSmallerAndLegal) {
  Random random(6);
  for (const Family& family : families())
    for (int i = 0; i < 5; ++i) {
      const Problem problem = make_problem(family, random);
      for (const Task& smaller : smaller_tasks(problem.task)) {
        EXPECT_TRUE(dsl::check(smaller)) << to_text(smaller);
        EXPECT_LT(size_of(smaller), size_of(problem.task));
      }
    }
}

TEST(Jobs, AreReadBackFromTheirLine) {
  const Target target = *parse_target("host");
  Random random(7);
  for (const Family& family : families()) {
    const Problem problem = make_problem(family, random);
    KernelJob one{problem.task, schedules::initial_config(problem.task, target), {}};
    one.run = {.seed = random.seed(), .integers = problem.exact, .in_place_input = 1, .scale = 0.5};
    one.run.against = one.config;
    const auto read = parse_job(to_text(one));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_text(*read), to_text(one));
    EXPECT_EQ(read->task, one.task);
  }
  for (const char* line :
       {"", "map c=8", "map c=8 | rows | seed=x", "map c=8 | rows | seed=1 | rows"})
    EXPECT_FALSE(parse_job(line)) << line;
}

// A kernel that crashes is one failure, and the others are still told.
TEST(Jobs, EachIsAProcessOfItsOwn) {
  const Target target = *parse_target("host");
  KernelJob good = job("map h=3 w=5 c=8 relu"), bad = good;
  bad.config = {"no such space", {}};
  const std::vector<std::string> said = check_kernels({good, bad, good}, target);
  EXPECT_EQ(said[0], "");
  EXPECT_NE(said[1], "");
  EXPECT_EQ(said[2], "");
}

}  // namespace
}  // namespace tenfold
