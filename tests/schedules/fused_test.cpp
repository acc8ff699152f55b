// Two and three convolutions as one operator, exactly on small integers: odd shapes, strides,
// dilation, pads that are not zero behind an activation, batches, groups of rows that divide badly.
#include <gtest/gtest.h>

#include <map>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

using testing_support::kernel_matches;
using testing_support::spaces_match;

Task spec(const std::string& text) {
  const auto task = dsl::parse_op_spec(text);
  EXPECT_TRUE(task) << (task ? "" : task.error().message);
  return *task;
}

class FusedSpec : public ::testing::TestWithParam<const char*> {};

TEST_P(FusedSpec, EverySpaceIsExact) {
  const Task task = spec(GetParam());
  EXPECT_TRUE(spaces_match(task, *parse_target("host"), 1, {.seed = 51, .asserts = true}));
  EXPECT_TRUE(spaces_match(task, *parse_target("host"), 2, {.seed = 52}));
}

INSTANTIATE_TEST_SUITE_P(
    DepthwisePointwise, FusedSpec,
    ::testing::Values(
        "depthwise_pointwise h=9 w=11 c=16 k=24 r=3 s=3 pad=1 halo mid0=bias mid0=clip(0,6) bias "
        "relu",
        "depthwise_pointwise n=3 h=7 w=5 c=13 k=7 r=3 s=3 stride=2 pad=1 mid0=bias bias add",
        "depthwise_pointwise h=10 w=8 c=11 k=17 r=5 s=5 pad=2",
        "depthwise_pointwise h=14 w=9 c=24 k=8 r=7 s=7 stride=2 pad=3 halo mid0=scale_shift relu",
        "depthwise_pointwise n=2 h=12 w=13 c=32 k=5 r=3 s=3 dilation=2 pad=2 mid0=relu bias",
        "depthwise_pointwise h=6 w=7 c=5 k=3 r=2 s=3 pad_left=1 gate mid0=bias bias",
        "depthwise_pointwise h=1 w=1 c=40 k=12 mid0=bias mid0=relu bias"));

// Behind the first chain a padding pixel is 0, not what the chain makes of 0: the biases show it.
INSTANTIATE_TEST_SUITE_P(
    InvertedResidual, FusedSpec,
    ::testing::Values(
        "inverted_residual h=9 w=11 c=8 k=8 expanded=48 r=3 s=3 pad=1 mid0=bias mid0=clip(1,6) "
        "mid1=bias mid1=clip(0,6) bias add",
        "inverted_residual n=3 h=7 w=5 c=5 k=7 expanded=13 r=3 s=3 stride=2 pad=1 mid0=bias "
        "mid1=bias bias",
        "inverted_residual h=13 w=12 c=6 k=10 expanded=24 r=5 s=5 stride=2 pad_top=1 pad_left=2 "
        "pad_bottom=2 mid0=bias mid0=relu bias relu",
        "inverted_residual n=2 h=8 w=10 c=4 k=6 expanded=32 r=7 s=7 pad=3 mid0=scale_shift",
        "inverted_residual h=11 w=9 c=3 k=5 expanded=16 r=3 s=3 dilation=2 pad=2 mid0=bias "
        "mid1=relu",
        "inverted_residual h=9 w=9 c=7 k=9 expanded=40 r=3 s=3 mid0=bias mid1=bias",
        "inverted_residual h=5 w=6 c=8 k=8 expanded=64 r=3 s=3 pad=1 gate mid0=bias bias add",
        "inverted_residual h=7 w=7 c=9 k=4 expanded=1 r=3 s=3 stride=3 pad=2 mid0=bias"));

/// Strips of several groups roll their rows on, and blocks of channels are added up.
TEST(FusedRows, EveryWayOfCuttingIsExact) {
  const Target target = *parse_target("x86_64-avx2");  // the cuts below are for 8 lanes
  const Task task = spec(
      "inverted_residual n=2 h=12 w=10 c=6 k=20 expanded=48 r=3 s=3 pad=1 mid0=bias mid0=clip(1,6) "
      "mid1=bias mid1=relu bias add");
  using Values = std::map<std::string, int64_t>;
  for (const Values& cut :
       {Values{{"rows", 1}, {"strip", 0}}, Values{{"rows", 2}, {"strip", 0}},
        Values{{"rows", 2}, {"strip", 4}}, Values{{"rows", 3}, {"strip", 2}},
        Values{{"rows", 6}, {"strip", 1}}, Values{{"rows", 2}, {"strip", 3}},
        Values{{"rows", 4}, {"strip", 1}, {"eb", 16}, {"et", 2}},
        Values{{"rows", 12}, {"strip", 0}, {"eb", 24}, {"order", 1}},
        Values{{"rows", 2}, {"strip", 0}, {"db", 2}, {"order", 1}, {"eorder", 1}}}) {
    Config config = (*schedules::find_space("fused_rows"))->initial(task, target);
    for (const auto& [axis, value] :
         Values{{"dyt", 1}, {"et", 1}, {"ext", 3}, {"kt", 2}, {"xt", 3}, {"lanes", 8}})
      config.values[axis] = value;
    for (const auto& [axis, value] : cut) config.values[axis] = value;
    for (const bool asserts : {true, false})
      EXPECT_TRUE(kernel_matches(task, config, target, {.seed = 53, .asserts = asserts}));
  }
}

/// The last strip is shorter: rolled on at stride 2, in blocks of channels, and in place.
TEST(FusedRows, StripsNeedNotDivideTheRows) {
  const Target target = *parse_target("x86_64-avx2");
  using Values = std::map<std::string, int64_t>;
  for (const auto& [text, cut] :
       {std::pair(
            "inverted_residual h=18 w=10 c=6 k=20 expanded=48 r=3 s=3 stride=2 pad=1 mid0=bias "
            "mid1=bias mid1=relu bias",
            Values{{"strip", 5}}),
        std::pair("inverted_residual n=2 h=17 w=9 c=5 k=5 expanded=20 r=5 s=5 pad=2 mid0=bias "
                  "mid0=clip(1,6) mid1=bias bias add",
                  Values{{"strip", 9}}),
        std::pair(
            "depthwise_pointwise n=2 h=9 w=7 c=32 k=12 r=3 s=3 pad=1 halo mid0=bias bias relu",
            Values{{"strip", 5}, {"eb", 16}})}) {
    const Task task = spec(text);
    Config config = (*schedules::find_space("fused_rows"))->initial(task, target);
    for (const auto& [axis, value] : Values{{"rows", 1}, {"dyt", 1}, {"et", 1}})
      config.values[axis] = value;
    for (const auto& [axis, value] : cut) config.values[axis] = value;
    for (const bool asserts : {true, false})
      EXPECT_TRUE(kernel_matches(task, config, target, {.seed = 54, .asserts = asserts}));
  }
}

TEST(FusedRows, AResidualIsAddedInPlace) {
  for (const char* text :
       {"inverted_residual h=7 w=11 c=16 k=16 expanded=32 r=3 s=3 pad=1 mid0=bias mid1=bias bias "
        "add",
        "depthwise_pointwise h=7 w=11 c=8 k=13 r=3 s=3 pad=1 halo mid0=bias bias add"})
    EXPECT_TRUE(
        spaces_match(spec(text), *parse_target("host"), 2, {.seed = 54, .in_place_input = 1}));
}

TEST(FusedRows, ActivationsAreWithinTolerance) {
  for (const char* text :
       {"inverted_residual h=14 w=14 c=24 k=16 expanded=72 r=5 s=5 pad=2 mid0=bias mid0=hard_swish "
        "mid1=bias mid1=silu bias",
        "depthwise_pointwise h=9 w=9 c=320 k=24 r=3 s=3 pad=1 halo mid0=bias bias gelu"})
    EXPECT_TRUE(
        spaces_match(spec(text), *parse_target("host"), 1, {.seed = 55, .integers = false}));
}

TEST(FusedSpecs, WrongOnesAreErrors) {
  for (const char* text : {"inverted_residual h=5 w=5 c=4 k=4 r=3 s=3 pad=1",
                           "inverted_residual h=5 w=5 c=4 k=4 expanded=-8 r=3 s=3 pad=1",
                           "inverted_residual h=5 w=5 c=4 k=4 expanded=8 r=7 s=7 mid0=bias",
                           "depthwise_pointwise h=5 w=5 c=4 k=4 r=3 s=3 pad=1 mid1=bias",
                           "depthwise_pointwise h=5 w=5 c=4 k=4 r=3 s=3 pad=1 mid0=nothing",
                           "depthwise_pointwise h=5 w=5 c=4 k=4 r=3 s=3 pad=1 mid0=add@0",
                           "conv2d h=5 w=5 c=4 k=4 mid0=bias"})
    EXPECT_FALSE(dsl::parse_op_spec(text)) << text;
}

}  // namespace
}  // namespace tenfold
