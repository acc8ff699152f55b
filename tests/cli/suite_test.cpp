// tenfold bench --suite and --op: rows are complete, peers get the same operator, and what is wrong
// is one clear line.
#include "cli/suite.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/roof.h"
#include "cli/suite_text.h"
#include "tests/cli/program.h"

namespace tenfold::cli::testing {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> rows_of(const std::string& path) {
  std::ifstream file(path);
  return Json::parse(file).get<std::vector<Json>>();
}

void expect_complete(const Json& row) {
  for (const char* name : {"median_ms", "min_ms", "p90_ms", "cold_ms", "gflops", "roof_share",
                           "cold_roof_share", "samples", "rounds", "quiet_rounds"})
    EXPECT_TRUE(row.contains(name) && row[name].is_number() && row[name] >= 0) << name << row;
  EXPECT_GT(row["median_ms"], 0);
  EXPECT_GT(row["roof_share"], 0);
  EXPECT_FALSE(row["config"].get<std::string>().empty());
  EXPECT_GT(row["roof"]["peak_gflops"], 0);
}

TEST(Suite, HoldsTheProblemsOfEveryFamily) {
  const auto all = read_suite("ops", "");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_GE(all->size(), 120u);
  std::set<std::string> families, texts;
  for (const Problem& problem : *all) {
    families.insert(problem.family);
    EXPECT_TRUE(texts.insert(problem.text).second) << "twice: " << problem.text;
  }
  for (const char* family :
       {"dense", "winograd", "group", "depthwise", "deform", "se", "shuffle", "concat",
        "batch_norm", "gemm", "pool", "resize", "softmax", "norm", "transposed", "elementwise"})
    EXPECT_TRUE(families.contains(family)) << family;
  const auto some = read_suite("ops", "^gemm$");
  ASSERT_TRUE(some);
  for (const Problem& problem : *some) EXPECT_EQ(problem.family, "gemm");
}

TEST(Suite, ReadsWhatStandsBeforeAnOperator) {
  const auto problem = parse_problem("conv2d h=4 w=4 c=12 k=8 | shuffle=3", "shuffle");
  ASSERT_TRUE(problem) << problem.error().message;
  EXPECT_EQ(problem->before.shuffle_groups, 3);
  EXPECT_EQ(parse_problem("conv2d h=4 w=4 c=12 k=8 | concat=4,8", "")->before.concat,
            (std::vector<int64_t>{4, 8}));
  for (const char* wrong : {"conv2d h=4 w=4 c=12 k=8 | shuffle=5", "gemm m=1 n=2 k=4 | shuffle=2",
                            "conv2d h=4 w=4 c=12 k=8 | concat=4,4", "conv2d h=4 w=4 c=12 | split=2",
                            "conv2d h=4 w=4 c=12 k=12 depthwise | shuffle=2"})
    EXPECT_FALSE(parse_problem(wrong, "")) << wrong;
}

TEST(Roof, IsOfTheLanesThatChannelsFill) {
  const auto demand = [](const char* spec, const char* family) {
    return demand_of(*parse_problem(spec, family));
  };
  const std::vector<LanePeak> peaks{{8, 60}, {16, 100}};
  // 24 channels: 24/32 of 16 lanes is better than all of 8.
  const Demand conv = demand("conv2d h=10 w=10 c=8 k=24 r=1 s=1", "dense");
  EXPECT_DOUBLE_EQ(conv.operations, 2.0 * 100 * 8 * 24);
  EXPECT_DOUBLE_EQ(roof_of(conv, peaks, 0).compute_ms, conv.operations / 75 / 1e6);
  EXPECT_EQ(roof_of(conv, peaks, 0).peak.lanes, 16);
  EXPECT_FALSE(roof_of(conv, peaks, 0).memory);
  EXPECT_TRUE(roof_of(conv, peaks, 1).memory);
  EXPECT_EQ(roof_of(conv, peaks, 1).time_ms, 1);
  // 7x7 is two tiles of 4 a side: 64/196 of the direct form's operations.
  const char* square = "conv2d h=7 w=7 c=64 k=64 r=3 s=3 pad=1";
  EXPECT_DOUBLE_EQ(demand(square, "winograd").operations,
                   demand(square, "dense").operations * 64 / 196);
  // A 1x1 of stride 2 reads every other pixel of every other row.
  EXPECT_EQ(demand("conv2d h=8 w=8 c=4 k=8 stride=2", "dense").read_bytes, 8 * 8 * 4);
  EXPECT_EQ(demand("map h=2 w=2 c=3 add", "elementwise").channels, 0);
}

TEST(Summary, CountsByFamilyAndKeepsFailuresApart) {
  const auto row = [](const char* problem, int threads, double ms, double share, double peer,
                      int quiet_rounds = 4) {
    return Json{{"problem", problem},
                {"family", "dense"},
                {"threads", threads},
                {"median_ms", ms},
                {"flops", 1e8},
                {"roof_share", share},
                {"quiet_rounds", quiet_rounds},
                {"peers", {{"p", peer}}}};
  };
  const Json failed{{"problem", "c"}, {"family", "dense"}, {"threads", 1}, {"median_ms", nullptr}};
  const Json summary = summary_of({row("a", 1, 2, 0.9, 4), row("a", 2, 1, 0.8, 2),
                                   row("b", 1, 3, 0.5, 24), row("d", 1, 1, 0.1, 4, 0), failed});
  const Json& one = summary["families"][0];
  EXPECT_EQ(one["problems"], 4);
  EXPECT_EQ(one["disturbed"], 1);  // its share does not count
  EXPECT_EQ(one["failed"], 1);
  EXPECT_DOUBLE_EQ(one["median_roof_share"], 0.7);
  EXPECT_DOUBLE_EQ(one["worst_roof_share"], 0.5);
  EXPECT_NEAR(one["peers"]["p"]["ratio"].get<double>(), 4, 1e-9);  // of 2 and 8
  EXPECT_EQ(summary["speed_up"]["problems"], 1);
  EXPECT_DOUBLE_EQ(summary["speed_up"]["median"], 2);
}

TEST(BenchSuite, RowsAreComplete) {
  const Workplace place;
  const Outcome outcome =
      place.tenfold({"bench", "--suite", "ops", "--filter", "^gemm m=1 k=(256|168)", "--threads",
                     "1,2", "--seconds", "0.02", "--json", place.path("rows.json")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Json> rows = rows_of(place.path("rows.json"));
  ASSERT_EQ(rows.size(), 4u);
  for (const Json& row : rows) {
    expect_complete(row);
    EXPECT_EQ(row["family"], "se");
    EXPECT_EQ(row["origin"], "untuned");
  }
  EXPECT_EQ(rows[0]["threads"], 1);
  EXPECT_EQ(rows[1]["threads"], 2);
  EXPECT_NE(outcome.out.find("% of the roof"), std::string::npos);
  EXPECT_NE(outcome.out.find("family"), std::string::npos);
}

TEST(BenchSuite, NarrowTargetsAreMeasuredOnWideMachines) {
  const Workplace place;
  const Outcome outcome = place.tenfold({"bench", "--op", "conv2d h=8 w=8 c=16 k=32 bias relu",
                                         "--target", "x86_64-avx2", "--threads", "1", "--seconds",
                                         "0.02", "--json", place.path("rows.json")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json row = rows_of(place.path("rows.json")).at(0);
  EXPECT_EQ(row["target"], "x86_64-avx2");
  EXPECT_EQ(row["roof"]["lanes"], 8);
  EXPECT_NE(row["config"].get<std::string>().find("lanes=8"), std::string::npos);
}

TEST(BenchSuite, TunesAndThenUsesTheRecords) {
  const Workplace place;
  const std::vector<std::string> command{"bench",
                                         "--op",
                                         "gemm m=2 n=24 k=16 bias relu",
                                         "--seconds",
                                         "0.02",
                                         "--threads",
                                         "1",
                                         "--db",
                                         place.path("records.sqlite"),
                                         "--json",
                                         place.path("rows.json")};
  std::vector<std::string> tuned = command;
  tuned.insert(tuned.end(), {"--tune", "4"});
  ASSERT_EQ(place.tenfold(tuned).code, 0);
  EXPECT_EQ(rows_of(place.path("rows.json"))[0]["origin"], "exact");
  ASSERT_EQ(place.tenfold(command).code, 0);
  EXPECT_EQ(rows_of(place.path("rows.json"))[0]["origin"], "exact");
}

const std::vector<std::string>& operators() {
  static const std::vector<std::string> specs = {
      "conv2d h=6 w=7 c=5 k=9 r=3 s=2 stride=2 pad_top=1 pad_right=2 bias add relu",
      "conv2d h=6 w=6 c=8 k=8 groups=4 r=3 s=3 pad=1 gate bias silu",
      "conv2d h=5 w=5 c=12 k=8 bias relu | shuffle=3",
      "conv2d h=5 w=5 c=16 k=8 pre=scale_shift pre=relu bias relu | concat=8,8",
      "conv_transpose2d h=5 w=6 c=4 k=3 r=3 s=3 stride=2 pad=1 output_pad_h=1 bias tanh",
      "depthwise_pointwise h=7 w=6 c=8 k=12 r=3 s=3 pad=1 mid0=bias mid0=relu bias clip(0,6)",
      "inverted_residual h=7 w=6 c=8 k=8 expanded=24 r=3 s=3 pad=1 mid0=bias mid0=relu mid1=bias "
      "bias add",
      "gemm m=3 n=10 k=7 bias hard_sigmoid(0.2,0.5)",
      "matmul batch=2 m=3 n=4 k=5",
      "max_pool2d h=9 w=9 c=8 r=3 s=3 stride=2 pad=1",
      "avg_pool2d h=8 w=8 c=8 r=2 s=2 stride=2",
      "global_avg_pool h=5 w=4 c=8",
      "global_max_pool h=5 w=4 c=8",
      "softmax h=3 w=4 c=9 log=1",
      "resize2d h=4 w=5 c=3 mode=1",
      "lrn h=3 w=3 c=8 size=5",
      "layer_norm h=3 w=4 c=8 axis=3",
      "instance_norm h=5 w=5 c=8",
      "map h=4 w=4 c=8 prelu",
      "map h=4 w=4 c=8 mish",
      "map h=4 w=4 c=8 scale_shift relu",
      "map h=4 w=4 c=8 clip(-0.5,0.5) affine(2,1) mul",
      "gather_channels h=3 w=3 c=12 groups=4",
  };
  return specs;
}

void expect_same_numbers(const std::string& peer, const std::vector<std::string>& specs) {
  const Workplace place;
  std::vector<std::string> command{"bench",     "--against", peer,
                                   "--threads", "1",         "--seconds",
                                   "0.02",      "--json",    place.path("rows.json")};
  for (const std::string& spec : specs) command.insert(command.end(), {"--op", spec});
  const Outcome outcome = place.tenfold(command);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Json> rows = rows_of(place.path("rows.json"));
  ASSERT_EQ(rows.size(), specs.size());
  for (const Json& row : rows)
    EXPECT_TRUE(row["peers"][peer].is_number())
        << row["problem"] << row.value("peer_reasons", Json());
}

/// Outputs are compared before anything is timed: a time says that the peer had the same problem.
TEST(BenchSuite, OnnxRuntimeComputesTheSame) {
  std::vector<std::string> specs = operators();
  specs.insert(specs.end(),
               {"group_norm h=5 w=5 c=8 groups=2",
                "deform_conv2d h=6 w=6 c=8 k=4 r=3 s=3 pad=1 groups=2 offset_groups=2 mask bias",
                "deform_conv2d h=6 w=6 c=8 k=4 r=3 s=3 stride=2 pad=1 relu",
                "squeeze_excite n=2 h=7 w=6 c=12 reduced=5 mid0=bias mid0=relu bias sigmoid",
                "lp_pool2d h=8 w=8 c=4 r=2 s=2 stride=2", "resize2d h=4 w=5 c=3 mode=2",
                "reduce axes=6 kind=6 in=f32:1x3x4x8:96,32,8,1:0:0,0,0,0 "
                "out=f32:1x1x1x8:8,8,8,1:0:0,0,0,0"});
  expect_same_numbers("onnxruntime", specs);
}

#if TENFOLD_HAS_ONEDNN
TEST(BenchSuite, OneDnnComputesTheSame) {
  expect_same_numbers("onednn", operators());
}

TEST(BenchSuite, WhatAnEngineLacksIsNullWithAReason) {
  const Workplace place;
  const Outcome outcome =
      place.tenfold({"bench", "--op", "lp_pool2d h=4 w=4 c=4 r=2 s=2", "--against", "onednn",
                     "--threads", "1", "--seconds", "0.02", "--json", place.path("rows.json")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json row = rows_of(place.path("rows.json"))[0];
  EXPECT_TRUE(row["median_ms"].is_number());
  EXPECT_TRUE(row["peers"]["onednn"].is_null());
  EXPECT_FALSE(row["peer_reasons"]["onednn"].get<std::string>().empty());
}
#endif

TEST(BenchSuite, AFailureIsNullWithAReason) {
  const Workplace place;
  const Outcome outcome =
      place.tenfold({"bench", "--op", "map h=2 w=2 c=4 relu", "--config", "direct kt=2",
                     "--threads", "1", "--json", place.path("rows.json")});
  EXPECT_EQ(outcome.code, 1) << outcome.out;
  EXPECT_FALSE(outcome.error_line().empty()) << outcome.err;
  const Json row = rows_of(place.path("rows.json"))[0];
  EXPECT_TRUE(row["median_ms"].is_null());
  EXPECT_FALSE(row["reason"].get<std::string>().empty());
}

TEST(BenchSuite, SaysWhichEngineIsNotThere) {
  const Workplace place;
  const Outcome outcome =
      place.tenfold({"bench", "--op", "map h=2 w=2 c=4 relu", "--against", "onnxruntime"},
                    {.environment = {"TENFOLD_PYTHON=" + place.path("python")}});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_NE(outcome.error_line().find("onnxruntime"), std::string::npos) << outcome.err;
}

TEST(BenchSuite, KeepsTheRowsThatAreDoneOnCtrlC) {
  const Workplace place;
  const Outcome outcome =
      place.tenfold({"bench", "--suite", "ops", "--filter", "^gemm$|^se$", "--threads", "1",
                     "--seconds", "0.05", "--json", place.path("rows.json")},
                    {.interrupt_at = "% of the roof"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error_line().find("interrupted"), std::string::npos) << outcome.err;
  const std::vector<Json> rows = rows_of(place.path("rows.json"));
  ASSERT_FALSE(rows.empty());
  expect_complete(rows[0]);
}

}  // namespace
}  // namespace tenfold::cli::testing
