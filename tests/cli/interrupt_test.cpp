// Ctrl-C: one line, exit code 1, within a second, nothing half-written, and every trial kept.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/sanitizers.h"

namespace tenfold::cli::testing {
namespace {

const std::string detector = TENFOLD_SOURCE_DIR "/.deps/models/ch_PP-OCRv4_det_infer.onnx";
constexpr double most_seconds = 1.0 * tests::sanitizer_factor;

void expect_clean_stop(const Outcome& outcome) {
  EXPECT_EQ(outcome.code, 1) << outcome.err << outcome.out;
  EXPECT_EQ(outcome.error_line(), "tenfold: error: interrupted") << outcome.err;
  EXPECT_LT(outcome.seconds, most_seconds);
}

TEST(Interrupt, OfACompileLeavesNothing) {
  const Workplace place;
  const Outcome outcome =
      place.tenfold({"compile", detector, "--shape", "x=1,3,96,160", "-o", place.path("out")},
                    {.interrupt_at = "tasks:"});
  expect_clean_stop(outcome);
  for (const std::string& path : place.list())
    EXPECT_TRUE(path.starts_with(place.path("cache"))) << path;
}

TEST(Interrupt, OfTuningKeepsEveryTrial) {
  const Workplace place;
  const std::string records = place.path("records.sqlite");
  const std::vector<std::string> tune{
      "tune", models() + "/small.onnx", "--time", "60s", "--threads", "1", "--db", records};
  expect_clean_stop(place.tenfold(tune, {.interrupt_at = " trials ("}));
  const Outcome stats = place.tenfold({"db", "stats", "--json", "-", "--db", records});
  ASSERT_EQ(stats.code, 0) << stats.err;
  EXPECT_GT(nlohmann::json::parse(stats.out).at("trials"), 0);
  for (const std::string& path : place.list())
    EXPECT_TRUE(path.starts_with(place.path("cache")) || path.starts_with(records)) << path;
}

TEST(Interrupt, BeforeTheFirstTrialIsCleanToo) {
  const Workplace place;
  expect_clean_stop(place.tenfold(
      {"tune", models() + "/small.onnx", "--time", "60s", "--db", place.path("records.sqlite")},
      {.interrupt_at = " tasks for "}));
}

}  // namespace
}  // namespace tenfold::cli::testing
