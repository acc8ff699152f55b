// The Winograd space against the plain reference, within its stated bound: overhanging tiles, tails
// of channels, halos that cover and that do not, kernels that are transformed along one side only,
// chains, batches, stride 2, transposed convolutions.
#include <gtest/gtest.h>

#include "base/target.h"
#include "dsl/op.h"
#include "dsl/winograd.h"
#include "schedules/space.h"
#include "tests/kernel_harness.h"

namespace tenfold {
namespace {

using testing_support::kernel_matches;
using testing_support::KernelRun;

// y = A^T [(G g) * (B^T d)] is the correlation, in double precision, for every form that the space
// may use.
TEST(WinogradTransforms, AreCorrelations) {
  for (int stride = 1; stride <= 2; ++stride)
    for (int taps = stride; taps <= 7; ++taps)
      for (int outputs = 1; outputs + (taps + stride - 1) / stride - 1 <= 8; ++outputs) {
        const dsl::WinogradTransforms t = dsl::winograd_transforms(outputs, taps, stride);
        ASSERT_EQ(t.points, stride * (outputs - 1) + taps);
        for (int y = 0; y < outputs; ++y)
          for (int d = 0; d < t.points; ++d)
            for (int g = 0; g < taps; ++g) {
              double sum = 0;
              for (int p = 0; p < t.points; ++p)
                sum += t.output.at(y, p) * t.filter.at(p, g) * t.input.at(p, d);
              EXPECT_NEAR(sum, d == stride * y + g ? 1 : 0, 1e-11)
                  << outputs << ' ' << taps << ' ' << stride;
            }
      }
}

// Output o takes tap t of input i where i * stride + t == o + before.
TEST(WinogradTransforms, AreTransposedCorrelations) {
  for (int stride = 1; stride <= 2; ++stride)
    for (int taps = stride; taps <= 7; ++taps)
      for (int each = 1; each + (taps + stride - 1) / stride - 1 <= 8; ++each)
        for (int before = 0; before <= 2 * taps; ++before) {
          const auto [t, first] = dsl::winograd_transposed(each, taps, stride, before);
          ASSERT_EQ(t.points, stride * (each - 1) + taps);
          ASSERT_EQ(t.output.rows, stride * each);
          for (int o = 0; o < t.output.rows; ++o)
            for (int d = 0; d < t.input.cols; ++d)
              for (int g = 0; g < taps; ++g) {
                double sum = 0;
                for (int p = 0; p < t.points; ++p)
                  sum += t.output.at(o, p) * t.filter.at(p, g) * t.input.at(p, d);
                EXPECT_NEAR(sum, (d + first) * stride + g == o + before ? 1 : 0, 1e-11)
                    << each << ' ' << taps << ' ' << stride << ' ' << before;
              }
          // Every input that an output takes is there.
          for (int o = 0; o < t.output.rows; ++o)
            for (int g = 0; g < taps; ++g)
              if ((o + before - g) % stride == 0) {
                const int input = (o + before - g) / stride - first;
                EXPECT_GE(input, 0);
                EXPECT_LT(input, t.input.cols);
              }
        }
}

class WinogradSpec : public ::testing::TestWithParam<const char*> {};

TEST_P(WinogradSpec, IsWithinItsBound) {
  const auto task = dsl::parse_op_spec(GetParam());
  ASSERT_TRUE(task) << task.error().message;
  const Target target = *parse_target("host");
  const auto space = schedules::find_space("winograd");
  ASSERT_TRUE(space);
  ASSERT_TRUE((*space)->serves(*task, target));
  const Config initial = (*space)->initial(*task, target);
  EXPECT_TRUE(
      kernel_matches(*task, initial, target, {.seed = 5, .integers = false, .asserts = true}));
  int tried = 0;
  for (const auto& [my, mx] :
       std::vector<std::pair<int64_t, int64_t>>{{2, 2}, {4, 4}, {6, 6}, {4, 2}, {2, 4}, {6, 2}})
    for (const int64_t xt : {2, 3}) {
      Config config = initial;
      config.values["my"] = my;
      config.values["mx"] = mx;
      config.values["kt"] = 1;
      config.values["xt"] = xt;
      config.values["bx"] = xt == 2 ? 0 : 6;
      config.values["by"] = xt == 2 ? 2 : 1;
      config.values["par"] = my == 4 && task->attrs.get_int("groups", 1) == 1;
      if (xt == 3 && task->attrs.get_int("groups", 1) % 2 == 0) config.values["gb"] = 2;
      config.values["stage"] = xt == 2;
      if (!schedules::check(*task, target, config)) continue;
      ++tried;
      EXPECT_TRUE(kernel_matches(*task, config, target, {.seed = 6, .integers = false}))
          << to_text(config);
    }
  EXPECT_GT(tried, 0);
}

// Also where a single tile of all phases would fit into the caches but no block does.
TEST(WinogradSpace, ServesOnlyWhatItHasADefaultFor) {
  const auto space = schedules::find_space("winograd");
  ASSERT_TRUE(space);
  int served = 0;
  for (const int64_t l2_bytes : {256 << 10, 512 << 10, 1 << 20, 2 << 20})
    for (const char* size : {"h=6 w=33", "h=33 w=33", "h=33 w=200", "h=2 w=64", "h=64 w=2"})
      for (const char* window :
           {"conv2d r=3 s=3 pad=1", "conv2d r=3 s=3 pad=6 dilation=6",
            "conv2d r=1 s=7 pad_left=3 pad_right=3", "conv2d r=3 s=3 pad=1 stride=2",
            "conv2d r=7 s=7 pad=3 stride=2", "conv2d r=6 s=2 stride=2 pad_top=3 pad_bottom=2",
            "conv_transpose2d r=4 s=4 pad=1 stride=2", "conv_transpose2d r=2 s=7 stride=2",
            "conv_transpose2d r=3 s=1", "conv_transpose2d r=5 s=5 pad=9 stride=2"})
        for (const char* channels : {"c=16 k=16", "c=512 k=512", "c=2048 k=256"}) {
          const auto task = dsl::parse_op_spec(std::string(window) + ' ' + size + ' ' + channels);
          if (!task) continue;  // more padding than outputs
          Target target = *parse_target("host");
          target.l2_bytes = l2_bytes;
          if (!(*space)->serves(*task, target)) continue;
          ++served;
          EXPECT_TRUE(schedules::check(*task, target, (*space)->initial(*task, target)))
              << to_text(*task) << " with " << l2_bytes << " bytes of L2";
        }
  EXPECT_GT(served, 300);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, WinogradSpec,
    ::testing::Values("conv2d h=28 w=28 c=32 k=32 r=3 s=3 pad=1 halo bias relu",
                      "conv2d h=7 w=7 c=40 k=56 r=3 s=3 pad=1 bias relu",
                      "conv2d n=2 h=23 w=29 c=17 k=19 r=3 s=3 pad=1 bias",
                      "conv2d h=24 w=21 c=24 k=40 r=3 s=3 pad_top=2 pad_right=1 bias add relu",
                      "conv2d h=19 w=30 c=16 k=24 r=1 s=3 pad_left=1 pad_right=1 bias",
                      "conv2d h=30 w=19 c=16 k=24 r=3 s=1 pad_top=1 pad_bottom=1",
                      "conv2d h=25 w=27 c=16 k=16 r=5 s=5 pad=2 bias clip(0,6)",
                      "conv2d n=2 h=17 w=26 c=16 k=16 r=1 s=7 pad_left=3 pad_right=3 bias relu",
                      "conv2d h=22 w=12 c=17 k=24 r=7 s=1 pad_top=3 pad_bottom=3",
                      "conv2d h=28 w=28 c=16 k=24 r=3 s=3 dilation=2 pad=2 halo bias add relu",
                      "conv2d n=2 h=20 w=59 c=19 k=17 r=3 s=3 dilation=3 pad=3 bias",
                      "conv2d h=29 w=16 c=16 k=16 r=3 s=3 dilation_h=2 dilation_w=1 pad_top=1 bias",
                      "conv2d n=2 h=23 w=19 c=64 k=64 r=3 s=3 pad=1 groups=4 halo bias relu",
                      "conv2d h=14 w=15 c=51 k=72 r=3 s=3 pad=1 groups=3 bias add",
                      "conv2d h=26 w=27 c=48 k=128 r=5 s=5 pad=2 groups=2 bias relu",
                      "conv2d h=20 w=31 c=64 k=32 r=3 s=3 dilation=2 pad=2 groups=4 bias",
                      "conv2d n=2 h=19 w=22 c=17 k=24 r=4 s=4 pad_top=2 pad_left=1 bias relu",
                      "conv2d h=56 w=56 c=32 k=32 r=3 s=3 stride=2 pad=1 halo bias relu",
                      "conv2d n=2 h=23 w=29 c=17 k=19 r=3 s=3 stride=2 pad=1 bias add relu",
                      "conv2d h=35 w=34 c=24 k=40 r=3 s=3 stride=2 bias silu",
                      "conv2d h=33 w=31 c=24 k=32 r=5 s=5 stride=2 pad_top=2 pad_right=1 bias",
                      "conv2d h=31 w=24 c=16 k=24 r=7 s=7 stride=2 pad=3 halo bias relu",
                      "conv2d h=26 w=27 c=16 k=24 r=4 s=2 stride=2 pad=1 bias",
                      "conv2d h=19 w=40 c=16 k=24 r=1 s=3 stride=2 pad_left=1 bias",
                      "conv2d h=24 w=21 c=16 k=24 r=3 s=3 stride_h=2 stride_w=1 pad=1 bias",
                      "conv2d n=2 h=30 w=31 c=32 k=48 r=3 s=3 stride=2 pad=1 groups=2 halo bias",
                      "conv_transpose2d h=16 w=14 c=32 k=32 r=4 s=4 stride=2 pad=1 bias relu",
                      "conv_transpose2d n=2 h=7 w=9 c=17 k=40 r=3 s=3 stride=2 pad=1 bias add",
                      "conv_transpose2d h=9 w=7 c=24 k=19 r=3 s=3 stride=2 pad=1 "
                      "output_pad_h=1 output_pad_w=1 bias relu",
                      "conv_transpose2d h=8 w=11 c=16 k=24 r=5 s=5 stride=2 pad_top=2 "
                      "pad_left=1 pad_right=2 bias silu",
                      "conv_transpose2d h=11 w=8 c=16 k=16 r=3 s=2 stride=2 bias",
                      "conv_transpose2d h=13 w=12 c=24 k=24 r=3 s=3 pad=1 bias",
                      "conv_transpose2d h=6 w=20 c=16 k=32 r=1 s=4 stride_w=2 pad_left=1"));

struct Choice {
  const char* spec;
  const char* algorithm;
};

class ChosenForm : public ::testing::TestWithParam<Choice> {};

// Direct convolution leaves out taps that are padding; Winograd's tiles of a phase are mostly that
// at high rates.
TEST_P(ChosenForm, IsTheCheaperOne) {
  const auto task = dsl::parse_op_spec(GetParam().spec);
  ASSERT_TRUE(task) << task.error().message;
  for (const char* name : {"x86_64-avx2", "x86_64-avx512"}) {
    const Target target = *parse_target(name);
    const Config config = schedules::initial_config(*task, target);
    EXPECT_EQ(config.algorithm, GetParam().algorithm) << name;
    EXPECT_TRUE(schedules::check(*task, target, config)) << name;
  }
}

// With 8 lanes the products of F(2, 3) hide its weights even when they are cold.
TEST(ChosenFormOfSmallMaps, IsWinograd) {
  const auto task = dsl::parse_op_spec("conv2d h=7 w=7 c=512 k=512 r=3 s=3 pad=1");
  ASSERT_TRUE(task);
  EXPECT_EQ(schedules::initial_config(*task, *parse_target("x86_64-avx2")).algorithm, "winograd");
}

INSTANTIATE_TEST_SUITE_P(
    Winograd, ChosenForm,
    ::testing::Values(
        Choice{"conv2d h=14 w=14 c=256 k=256 r=3 s=3 pad=1", "winograd"},
        Choice{"conv2d h=56 w=56 c=64 k=64 r=3 s=3 pad=1", "winograd"},
        Choice{"conv2d h=32 w=32 c=256 k=256 r=3 s=3 dilation=2 pad=2", "winograd"},
        Choice{"conv2d h=27 w=27 c=96 k=256 r=5 s=5 pad=2 groups=2", "winograd"},
        Choice{"conv2d h=28 w=28 c=512 k=512 r=3 s=3 pad=1 groups=16", "winograd"},
        Choice{"conv2d h=56 w=56 c=128 k=128 r=3 s=3 pad=1 groups=32", "grouped"},
        Choice{"conv2d h=80 w=80 c=256 k=512 r=3 s=3 stride=2 pad=1", "winograd"},
        Choice{"conv2d h=28 w=28 c=256 k=256 r=3 s=3 stride=2 pad=1", "winograd"},
        Choice{"conv2d h=14 w=14 c=512 k=512 r=3 s=3 stride=2 pad=1 groups=16", "direct"},
        Choice{"conv_transpose2d h=32 w=24 c=256 k=256 r=4 s=4 stride=2 pad=1", "winograd"},
        Choice{"conv_transpose2d h=28 w=28 c=1024 k=512 r=2 s=2 stride=2", "conv_transpose"},
        Choice{"conv2d h=32 w=32 c=256 k=256 r=3 s=3 dilation=6 pad=6", "direct"},
        Choice{"conv2d h=32 w=32 c=256 k=256 r=3 s=3 dilation=18 pad=18", "direct"},
        Choice{"conv2d h=65 w=65 c=256 k=256 r=3 s=3 dilation=12 pad=12", "direct"},
        Choice{"conv2d h=14 w=14 c=256 k=256 r=3 s=3 dilation=12 pad=12", "direct"}));

}  // namespace
}  // namespace tenfold
