// The "direct" space where its tiles meet edges: runs of pixels that go on in the next row and the
// next image, taps left out because they read only padding, and last tiles along two dimensions at
// once; over odd shapes, slices and halos.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

using Values = std::map<std::string, int64_t>;

class ConvDirect : public ::testing::Test {
 protected:
  const Target target_ = *parse_target("host");
  const schedules::Space& space_ = **schedules::find_space("direct");

  static Task spec(const std::string& text) {
    const auto task = dsl::parse_op_spec(text);
    EXPECT_TRUE(task) << (task ? "" : task.error().message);
    return *task;
  }
  Config config(const Task& task, const Values& values) const {
    Config chosen = space_.initial(task, target_);
    for (const auto& [axis, value] : values) chosen.values[axis] = value;
    return chosen;
  }
  void expect_exact(const Task& task, const Values& values, int in_place = -1) const {
    const Config chosen = config(task, values);
    const Status legal = schedules::check(task, target_, chosen);
    ASSERT_TRUE(legal) << legal.error().message;
    for (const bool asserts : {true, false})
      EXPECT_TRUE(testing_support::kernel_matches(
          task, chosen, target_, {.seed = 5, .asserts = asserts, .in_place_input = in_place}));
  }
  void expect_illegal(const Task& task, const Values& values) const {
    EXPECT_FALSE(schedules::check(task, target_, config(task, values)));
  }
};

Values run_of(int64_t pixels, int64_t vectors) {
  return {{"lanes", 4}, {"kt", vectors}, {"xt", pixels}, {"yt", 0},
          {"par", 1},   {"strip", 0},    {"skip", 0},    {"order", 0}};
}

TEST_F(ConvDirect, RunsGoOnInTheNextRowAndTheNextImage) {
  for (const char* text :
       {"conv2d n=3 h=5 w=7 c=5 k=19 r=3 s=3 pad=1 halo bias add relu",
        "conv2d h=13 w=15 c=4 k=8 r=3 s=3 stride=2 pad=1 halo",
        "conv2d n=2 h=9 w=9 c=6 k=12 stride=2 bias", "conv2d h=1 w=11 c=3 k=8 r=1 s=3 n=2"})
    for (const int64_t pixels : {1, 2, 5}) expect_exact(spec(text), run_of(pixels, 2));
}

TEST_F(ConvDirect, RunsSumBlocksOfChannels) {
  Values values = run_of(5, 2);
  values["cb"] = 32;
  expect_exact(spec("conv2d h=7 w=7 c=64 k=20 r=3 s=3 pad=1 halo bias"), values);
}

TEST_F(ConvDirect, RunsOverAMaskedInputAndSlices) {
  Values values = run_of(4, 1);
  values["stage"] = 2;
  Task task = spec("conv2d n=2 h=6 w=5 c=7 k=10 r=3 s=3 pad=1 pre=relu bias relu");
  expect_exact(task, values);
  task = spec("conv2d n=2 h=6 w=5 c=7 k=10 bias add relu");
  View& out = task.outputs[0];
  out.strides = {9 * 8 * 24, 8 * 24, 24, 1};  // a slice of a wider root, with a halo around
  out.offset = 8 * 24 + 24 + 5;
  out.halo = {1, 1, 2, 2};
  expect_exact(task, run_of(4, 1));
}

// Of defaults for 16 lanes and 2 MB of L2.
TEST_F(ConvDirect, ThreadsShareStripsWhereBlocksOfChannelsWouldReadMore) {
  struct Row {
    const char* shape;
    int64_t blocks;
  };
  constexpr Row rows[] = {
      {"conv2d h=37 w=37 c=728 k=728 bias", 0},   // the input comes from L3 for each block
      {"conv2d h=25 w=42 c=512 k=2048 bias", 0},  // the same
      {"conv2d h=56 w=56 c=256 k=256 r=3 s=3 stride=2 pad=1 halo bias", 0},
      {"conv2d h=19 w=19 c=728 k=728 bias", 1},            // the input stays in L2
      {"conv2d h=28 w=28 c=512 k=1024 stride=2 bias", 1},  // strips of few pixels
      {"conv2d h=65 w=65 c=2048 k=256 bias", 1},           // more strips than blocks
      {"conv2d h=28 w=28 c=512 k=512 r=3 s=3 stride=2 pad=1 halo bias", 1},  // strips read more
      {"conv2d h=7 w=7 c=512 k=512 bias", 1},           // weights that outweigh the map
      {"conv2d h=4 w=4 c=640 k=320 bias", 1},           // the same
      {"conv2d h=14 w=14 c=256 k=192 bias", 0},         // a little less than the map
      {"conv2d h=7 w=7 c=128 k=120 bias", 0},           // few of them
      {"conv2d h=7 w=7 c=1024 k=96 pre=relu bias", 0},  // changed on load: less than two maps
      {"conv2d h=7 w=7 c=512 k=512 pre=relu bias", 1},  // changed on load: ten maps
      {"conv2d h=7 w=7 c=512 k=512 groups=2 bias", 0},
  };
  Target target = *parse_target("x86_64-avx512");
  target.l1_bytes = 48 << 10;
  target.l2_bytes = 2 << 20;
  for (const Row& row : rows)
    EXPECT_EQ(space_.initial(spec(row.shape), target).at("par"), row.blocks) << row.shape;
}

TEST_F(ConvDirect, RunsInPlaceOfTheResidual) {
  expect_exact(spec("conv2d n=2 h=5 w=5 c=6 k=10 r=3 s=3 pad=1 halo bias add relu"), run_of(3, 2),
               1);
}

TEST_F(ConvDirect, TapsThatReadOnlyPaddingAreLeftOut) {
  for (const char* text : {"conv2d h=9 w=11 c=5 k=12 r=3 s=3 dilation=4 pad=4 halo bias relu",
                           "conv2d n=2 h=7 w=6 c=6 k=9 r=5 s=3 dilation_h=2 pad_top=5 pad_left=4 "
                           "pad_bottom=6 pad_right=3",
                           "conv2d h=8 w=8 c=3 k=8 r=3 s=3 stride=2 pad=2 halo",
                           "conv2d h=2 w=3 c=4 k=8 r=3 s=3 pad=6"})
    for (const int64_t skip : {1, 2})
      for (const auto& [xt, yt] : {std::pair{1, 1}, {3, 1}, {2, 2}}) {
        const Task task = spec(text);
        const bool masked = space_.initial(task, target_).at("stage") != 0;
        expect_exact(task, {{"lanes", 4},
                            {"kt", 2},
                            {"xt", xt},
                            {"yt", yt},
                            {"skip", skip},
                            {"strip", 0},
                            {"stage", masked ? 2 : 0}});
      }
}

Values regions_of(int64_t xt, int64_t yt, int64_t cb) {
  return {{"lanes", 4}, {"kt", 2},  {"xt", xt},   {"yt", yt},   {"skip", 3},
          {"par", 1},   {"cb", cb}, {"strip", 0}, {"stage", 0}, {"order", 0}};
}

// Outputs that read the same taps are 5, 7, 5 across and 5, 1, 5 down in the first.
TEST_F(ConvDirect, TilesBeginWhereTheTapsChange) {
  const std::tuple<const char*, int64_t, int64_t> cases[] = {
      {"conv2d n=2 h=11 w=17 c=64 k=20 r=3 s=3 dilation=5 pad=5 bias relu", 3, 1},
      {"conv2d n=2 h=17 w=17 c=64 k=20 r=3 s=3 dilation=5 pad=5 bias relu", 2, 3},
      {"conv2d h=14 w=19 c=32 k=9 r=2 s=3 stride=2 dilation=4 pad_left=3 pad_right=5 pad_top=2", 1,
       1},
      {"conv2d h=6 w=8 c=64 k=12 r=3 s=5 dilation=9 pad_left=18 pad_right=18 pad=9 bias", 2, 3}};
  for (const auto& [text, xt, yt] : cases)
    for (const int64_t cb : {0, 32})
      if (const Task task = spec(text); cb < task.inputs[0].dims[3])
        expect_exact(task, regions_of(xt, yt, cb));
}

// A pixel in two tiles would find a result where its residual was.
TEST_F(ConvDirect, TilesThatOverlapDoNotRunInPlace) {
  const Task task = spec("conv2d h=12 w=12 c=8 k=16 r=3 s=3 dilation=4 pad=4 bias add relu");
  expect_exact(task, regions_of(2, 2, 0), 1);
  expect_illegal(task, regions_of(3, 2, 0));
}

// Last tiles along x in a last tile along y in a last block of channels.
TEST_F(ConvDirect, LastTilesMeet) {
  for (const int64_t strip : {0, 1, 2})
    for (const int64_t par : {0, 1})
      expect_exact(spec("conv2d n=2 h=7 w=10 c=4 k=21 r=3 s=3 pad=1 halo bias add"),
                   {{"lanes", 4}, {"kt", 2}, {"xt", 3}, {"yt", 2}, {"strip", strip}, {"par", par}});
}

TEST_F(ConvDirect, WhatMakesNoSenseIsIllegal) {
  const Task task = spec("conv2d h=7 w=7 c=8 k=16 r=3 s=3 pad=1 halo");
  Values values = run_of(5, 1);
  values["par"] = 0;
  expect_illegal(task, values);
  values = run_of(5, 1);
  values["skip"] = 1;
  expect_illegal(task, values);
  expect_illegal(task, {{"xt", 8}, {"yt", 1}});
  expect_illegal(task, {{"lanes", 8}, {"kt", 8}, {"xt", 7}, {"yt", 1}});
}

// 24 channels fill three vectors of 8 or one and a half of 16.
TEST_F(ConvDirect, FillsLanesWhereUnitsTakeWideVectorsInHalves) {
  const Task task = spec("conv2d h=56 w=56 c=96 k=24 bias");
  Target target = *parse_target("x86_64-avx512");
  for (const auto& [unit_lanes, lanes] : {std::pair{16, 16}, {8, 8}}) {
    target.unit_lanes = unit_lanes;
    EXPECT_EQ(space_.initial(task, target).at("lanes"), lanes) << unit_lanes;
  }
  target.unit_lanes = 8;
  EXPECT_EQ(space_.initial(spec("conv2d h=56 w=56 c=96 k=32 bias"), target).at("lanes"), 16);
}

}  // namespace
}  // namespace tenfold
