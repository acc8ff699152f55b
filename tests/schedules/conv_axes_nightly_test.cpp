// Every value of every axis of the convolution spaces, in seeded random legal configs, over shapes
// that divide badly.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/target.h"
#include "dsl/op.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

/// A legal config of a space with one value given, or none where none was met.
std::optional<Config> config_with(const schedules::Space& space, const Task& task,
                                  const Target& target, const schedules::Axis& axis, int64_t value,
                                  std::mt19937_64& random) {
  const std::vector<schedules::Axis> axes = space.axes(task, target);
  for (int attempt = 0; attempt < 5000; ++attempt) {
    Config config{space.name, {}};
    for (const schedules::Axis& other : axes)
      config.values[other.name] =
          other.name == axis.name ? value : other.values[random() % other.values.size()];
    if (space.legal(task, target, config)) return config;
  }
  return std::nullopt;
}

constexpr const char* shapes[] = {
    "conv2d n=3 h=13 w=17 c=64 k=53 r=3 s=3 pad=1 bias add relu",
    "conv2d n=2 h=14 w=14 c=96 k=40 r=3 s=3 stride=2 pad=1 halo bias relu",
    "conv2d h=1 w=147 c=128 k=72 bias relu add",
    "conv2d n=3 h=7 w=7 c=64 k=45 r=3 s=3 pad=1 halo bias add",
    "conv2d h=15 w=13 c=32 k=20 r=3 s=3 dilation=6 pad=6 bias relu",
    "conv2d n=2 h=29 w=31 c=3 k=17 r=7 s=7 stride=2 pad=3 input=nchw bias",
    "conv2d h=15 w=12 c=48 k=96 r=3 s=3 pad=1 groups=4 gate bias",
    "conv2d n=2 h=24 w=13 c=40 k=80 r=3 s=3 stride=2 pad=1 groups=10 bias relu",
    "conv2d n=2 h=14 w=19 c=43 k=43 r=5 s=5 pad=2 depthwise bias relu",
    "conv2d h=12 w=17 c=40 k=40 r=3 s=3 stride=2 pad=1 depthwise halo bias add",
    "conv2d h=12 w=11 c=24 k=24 r=3 s=5 pad_left=2 pad_top=1 depthwise halo pre=relu bias",
    "depthwise_pointwise n=2 h=27 w=26 c=40 k=53 r=3 s=3 pad=1 halo mid0=bias mid0=relu bias add",
    "inverted_residual h=31 w=27 c=16 k=40 expanded=136 r=3 s=3 stride=2 pad=1 mid0=bias mid0=relu "
    "mid1=bias mid1=relu bias",
    "inverted_residual n=2 h=28 w=30 c=24 k=24 expanded=144 r=3 s=3 pad=1 mid0=bias mid0=relu "
    "mid1=bias mid1=relu bias add",
    "conv_transpose2d h=19 w=17 c=24 k=100 r=4 s=4 stride=2 pad=1 bias relu",
};

// Calls visit(space, axis, value) for all that are tested: a space with an error of its own is not
// exact on integers, and has tests of its own.
template <class Visit>
void for_each_value(const Task& task, const Target& target, const Visit& visit) {
  for (const schedules::Space* space : schedules::spaces_for(task, target))
    if (!space->extra_error)
      for (const schedules::Axis& axis : space->axes(task, target))
        for (const int64_t value : axis.values) visit(*space, axis, value);
}

class ConvAxes : public ::testing::TestWithParam<const char*> {};

TEST_P(ConvAxes, EveryValueIsExact) {
  const auto task = dsl::parse_op_spec(GetParam());
  ASSERT_TRUE(task) << task.error().message;
  const Target target = *parse_target("host");
  std::mt19937_64 random(2024);
  for_each_value(*task, target,
                 [&](const schedules::Space& space, const schedules::Axis& axis, int64_t value) {
                   for (const bool asserts : {true, false}) {
                     const auto config = config_with(space, *task, target, axis, value, random);
                     if (!config) return;
                     EXPECT_TRUE(testing_support::kernel_matches(
                         *task, *config, target, {.seed = random(), .asserts = asserts}));
                   }
                 });
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvAxes, ::testing::ValuesIn(shapes));

TEST(ConvAxes, SomeShapeTakesEveryValue) {
  const Target target = *parse_target("host");
  std::mt19937_64 random(2024);
  std::map<std::string, bool> taken;
  for (const char* shape : shapes) {
    const Task task = dsl::parse_op_spec(shape).value();
    for_each_value(
        task, target,
        [&](const schedules::Space& space, const schedules::Axis& axis, int64_t value) {
          bool& is_taken =
              taken[std::string(space.name) + " " + axis.name + "=" + std::to_string(value)];
          is_taken = is_taken || config_with(space, task, target, axis, value, random).has_value();
        });
  }
  for (const auto& [value, is_taken] : taken) EXPECT_TRUE(is_taken) << value;
}

}  // namespace
}  // namespace tenfold
