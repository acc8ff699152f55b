// The nightly share of generated problems: 300 of each family, and 2,000 random legal configs held
// against what the default config of the first space computes.
#include "tests/schedules/generated.h"

namespace tenfold {
namespace {

using namespace testing_support;

class GeneratedNightly : public ::testing::TestWithParam<size_t> {};

TEST_P(GeneratedNightly, ProblemsAreComputedRight) {
  expect_family_passes(families()[GetParam()], 300, RandomConfigsOf::every_space, 71 + GetParam());
}

INSTANTIATE_TEST_SUITE_P(Families, GeneratedNightly, ::testing::Range<size_t>(0, families().size()),
                         family_name);

class RandomConfigs : public ::testing::TestWithParam<size_t> {};

TEST_P(RandomConfigs, ComputeWhatTheDefaultDoes) {
  const size_t share = (2000 + families().size() - 1) / families().size();
  const uint64_t seed = 911 + GetParam();
  std::cout << "seed " << seed << ", " << share << " configs\n";
  const Target target = *parse_target("host");
  Random random(seed);
  std::vector<KernelJob> jobs;
  while (jobs.size() < share) {
    const Problem problem = make_problem(families()[GetParam()], random);
    const Config initial = schedules::initial_config(problem.task, target);
    for (const schedules::Space* space : schedules::spaces_for(problem.task, target)) {
      std::mt19937_64 engine(random.seed());
      const auto config = random_config(*space, problem.task, target, engine);
      if (!config || jobs.size() == share) continue;
      jobs.push_back(job_of(problem, *config, random));
      const schedules::Space* first = *schedules::find_space(initial.algorithm);
      if (first->extra_error) {  // the looser of the two bounds is the candidate's to state
        jobs.back().config = initial;
        jobs.back().run.against = *config;
        jobs.back().run.integers = false;
      } else {
        jobs.back().run.against = initial;
      }
    }
  }
  expect_pass(jobs, target);
}

INSTANTIATE_TEST_SUITE_P(Families, RandomConfigs, ::testing::Range<size_t>(0, families().size()),
                         family_name);

}  // namespace
}  // namespace tenfold
