#include "graph/memory.h"

#include <gtest/gtest.h>

#include <random>

#include "graph/layout.h"
#include "tests/graph/plan_checker.h"

namespace tenfold::graph {
namespace {

// A random DAG of element-wise steps over haloed maps of one shape each; reads want the halo.
struct RandomPlan {
  Plan plan;
  std::vector<View> maps;
};

RandomPlan random_plan(unsigned seed) {
  std::mt19937 random(seed);
  RandomPlan made;
  const auto below = [&](int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<unsigned>(limit));
  };
  made.plan.roots.push_back({"input", Home::input, 0, 4 * 64, 0});
  made.maps.push_back(dense_view(DType::f32, {64}));
  const int steps = 2 + static_cast<int>(below(20));
  for (int step = 0; step < steps; ++step) {
    const Halo halo = below(3) == 0 ? Halo{} : Halo{below(3), below(3), below(3), below(2)};
    const View map =
        feature_map_view(1 + below(2), 1 + below(5), 1 + below(6), 1 + below(20), halo, false, {});
    const int64_t end = map.offset + (map.dims[0] - 1) * map.strides[0] +
                        (map.dims[1] - 1 + halo.bottom) * map.strides[1] +
                        (map.dims[2] - 1 + halo.right) * map.strides[2] + map.strides[2];
    made.plan.roots.push_back({"root" + std::to_string(step), Home::arena, 0, 4 * end, 0});
    made.maps.push_back(map);
    Step next{"step" + std::to_string(step), {}, {}, {}, {}, {}};
    for (int64_t reads = 1 + below(2); reads > 0; --reads) {
      const int from = std::max(0, step - static_cast<int>(below(5)));
      next.task.inputs.push_back(made.maps[from]);
      next.inputs.push_back({from, 0});
    }
    View out = map;
    out.halo = {};
    next.task.outputs = {out};
    next.outputs = {{step + 1, 0}};
    made.plan.steps.push_back(next);
  }
  place_roots(made.plan);
  place_fills(made.plan, made.maps);
  return made;
}

TEST(Memory, NothingOverlapsAndHalosAreZeroWhenRead) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const RandomPlan made = random_plan(seed);
    ASSERT_EQ(PlanChecker(made.plan).run(), "") << "seed " << seed;
    ASSERT_GE(made.plan.arena_bytes, arena_lower_bound(made.plan));
  }
}

TEST(Memory, ArenasComeNearTheirLowerBound) {
  double worst = 1, sum = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const RandomPlan made = random_plan(seed);
    const double ratio = static_cast<double>(made.plan.arena_bytes) /
                         static_cast<double>(arena_lower_bound(made.plan));
    worst = std::max(worst, ratio);
    sum += ratio;
  }
  EXPECT_LT(worst, 1.3);
  EXPECT_LT(sum / 400, 1.01);
}

TEST(Memory, TheCheckerSeesAMissingFill) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    RandomPlan made = random_plan(seed);
    bool wanted = false;
    for (Step& step : made.plan.steps) {
      for (const View& view : step.task.inputs) wanted |= view.halo != Halo{};
      step.fills.clear();
    }
    made.plan.fills.clear();
    EXPECT_EQ(PlanChecker(made.plan).run().empty(), !wanted) << "seed " << seed;
  }
}

TEST(Memory, FillsCoverTheHaloAndNothingElse) {
  const View map = feature_map_view(2, 3, 4, 5, {1, 2, 3, 1}, false, {});
  const int64_t size = 4 * (2 * map.strides[0] + 64);
  std::vector<int> zeroed(static_cast<size_t>(size / 4), 0);
  for (const ZeroFill& fill : halo_fills(0, size, map))
    for (int64_t row = 0; row < fill.rows; ++row)
      for (int64_t i = 0; i < fill.row_bytes / 4; ++i)
        ++zeroed[(fill.offset_bytes + row * fill.stride_bytes) / 4 + i];
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t y = -1; y < 3 + 3; ++y)
      for (int64_t x = -2; x < 4 + 1; ++x)
        for (int64_t c = 0; c < 5; ++c) {
          const bool inside = y >= 0 && y < 3 && x >= 0 && x < 4;
          EXPECT_EQ(
              zeroed[map.offset + n * map.strides[0] + y * map.strides[1] + x * map.strides[2] + c],
              inside ? 0 : 1);
        }
}

TEST(Memory, HalosThatNothingSpoilsAreZeroedOnce) {
  Plan plan;
  const View map = feature_map_view(1, 4, 4, 8, {1, 1, 1, 1}, false, {});
  View out = map;
  out.halo = {};
  plan.roots = {{"input", Home::input, 0, 4096, 0},
                {"a", Home::arena, 0, 4 * 36 * 8 + 128, 0},
                {"b", Home::output, 0, 4096, 0}};
  plan.steps = {{"write", {"map", {}, {out}, {out}, {}, {}}, {{0, 0}}, {{1, 0}}, {}, {}},
                {"read", {"map", {}, {map}, {out}, {}, {}}, {{1, 0}}, {{2, 0}}, {}, {}}};
  place_roots(plan);
  place_fills(plan, {{}, map, {}});
  EXPECT_FALSE(plan.fills.empty());
  for (const Step& step : plan.steps) EXPECT_TRUE(step.fills.empty());
  EXPECT_EQ(PlanChecker(plan).run(), "");
}

}  // namespace
}  // namespace tenfold::graph
