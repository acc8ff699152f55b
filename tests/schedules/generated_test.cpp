// Forty generated problems of each family, through every space that serves them: the default config
// of each, and a random legal one of one of them in turn. A failure ends with the line that
// reproduces it.
#include "tests/schedules/generated.h"

namespace tenfold {
namespace {

class Generated : public ::testing::TestWithParam<size_t> {};

TEST_P(Generated, ProblemsAreComputedRight) {
  testing_support::expect_family_passes(testing_support::families()[GetParam()], 40,
                                        testing_support::RandomConfigsOf::one_space, 20261);
}

INSTANTIATE_TEST_SUITE_P(Families, Generated,
                         ::testing::Range<size_t>(0, testing_support::families().size()),
                         testing_support::family_name);

}  // namespace
}  // namespace tenfold
