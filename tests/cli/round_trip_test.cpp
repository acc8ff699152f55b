// What a user does with a model, through the program alone: inspect, tune, compile, verify, run,
// bench, and records that are written, exported and read again. Outputs are compared with ONNX
// Runtime's by `verify`.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/npy.h"
#include "tests/cli/program.h"

namespace tenfold::cli::testing {
namespace {

const std::string trained = std::string(TENFOLD_SOURCE_DIR) + "/.deps/models/";
const std::string orientation = trained + "ch_ppocr_mobile_v2.0_cls_infer.onnx";
const std::string detector = trained + "ch_PP-OCRv4_det_infer.onnx";

::testing::AssertionResult compiles(const Workplace& place, const std::string& model) {
  const Outcome outcome =
      place.tenfold({"compile", model, "--name", "net", "-o", place.path("net")});
  if (outcome.code == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << outcome.code << ": " << outcome.err;
}

void compile_and_verify(const Workplace& place, const std::string& model,
                        const std::string& shape) {
  const Outcome compiled =
      place.tenfold({"compile", model, "--shape", shape, "--name", "net", "-o", place.path("net")});
  ASSERT_EQ(compiled.code, 0) << compiled.err;
  const Outcome verified = place.tenfold({"verify", place.path("net"), "--model", model});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
}

TEST(RoundTrip, TheOrientationModelAgreesWithOnnxRuntime) {
  const Workplace place;
  compile_and_verify(place, orientation, "x=1,3,48,192");
}

TEST(RoundTrip, ABatchOfThreeAgreesWithOnnxRuntime) {
  const Workplace place;
  compile_and_verify(place, orientation, "x=3,3,48,100");
}

TEST(RoundTrip, TheDetectorAgreesWithOnnxRuntime) {
  const Workplace place;
  compile_and_verify(place, detector, "x=1,3,96,160");
}

TEST(RoundTrip, PartsOfTheUsersArraysAgreeWithOnnxRuntime) {
  const Workplace place;
  compile_and_verify(place, models() + "/views.onnx", "x=2,5,6,24");
}

TEST(RoundTrip, AHalfPrecisionModelAgreesWithOnnxRuntime) {
  const Workplace place;
  const std::string model = models() + "/half.onnx";
  ASSERT_TRUE(compiles(place, model));
  const Outcome verified =
      place.tenfold({"verify", place.path("net"), "--model", model, "--tolerance", "0.002"});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
}

TEST(RoundTrip, TensorsInAnotherOrderAgreeLayerByLayer) {
  const Workplace place;
  const std::string model = models() + "/orders.onnx";
  ASSERT_TRUE(compiles(place, model));
  const Outcome verified =
      place.tenfold({"verify", place.path("net"), "--model", model, "--layers"});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  for (const char* tensor : {"ok    a", "ok    f", "ok    h", "ok    y"})
    EXPECT_NE(verified.out.find(tensor), std::string::npos) << verified.out;
}

// The model has an input more than the library, which needs none of it.
TEST(RoundTrip, PeersAreGivenInputsThatTheLibraryLeavesOut) {
  const Workplace place;
  const std::string model = models() + "/orders.onnx";
  ASSERT_TRUE(compiles(place, model));
  const Outcome timed = place.tenfold({"bench", place.path("net"), "--seconds", "0.05", "--against",
                                       "onnxruntime,openvino", "--model", model});
  EXPECT_EQ(timed.code, 0) << timed.out << timed.err;
}

// Rows of infinities and of numbers whose squares are nothing: see ends_x.npy.
TEST(RoundTrip, TheEndsOfFloat32AreComputedAsTheyAre) {
  const Workplace place;
  ASSERT_TRUE(compiles(place, models() + "/ends.onnx"));
  const Outcome ran = place.tenfold(
      {"run", place.path("net"), "--input", "x=" + models() + "/ends_x.npy", "--output",
       "sums=" + place.path("sums.npy"), "--output", "norm1=" + place.path("norm1.npy"), "--output",
       "norm2=" + place.path("norm2.npy")});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto sums = read_npy(place.path("sums.npy"));
  ASSERT_TRUE(sums) << sums.error().message;
  const auto sum = sums->as<float>();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(sum[0], -infinity);
  EXPECT_EQ(sum[1], infinity);
  EXPECT_FLOAT_EQ(sum[2], 3e38f);
  EXPECT_FLOAT_EQ(sum[3], -3e38f);
  EXPECT_NEAR(sum[4], std::log(3.0), 1e-6);
  const auto norm1 = read_npy(place.path("norm1.npy")), norm2 = read_npy(place.path("norm2.npy"));
  ASSERT_TRUE(norm1 && norm2);
  EXPECT_FLOAT_EQ(norm1->as<float>()[12], 0.5f);
  EXPECT_FLOAT_EQ(norm1->as<float>()[13], -0.5f);
  for (const int i : {12, 13, 14})  // nothing, or a unit vector: never beyond
    EXPECT_LE(std::abs(norm2->as<float>()[i]), 1.0f) << i;
  EXPECT_GT(norm2->as<float>()[12], 0.0f);
}

TEST(RoundTrip, VerifySaysWhatIsWrongWithTheModel) {
  const Workplace place;
  ASSERT_TRUE(compiles(place, models() + "/views.onnx"));
  for (const char* file : {"/truncated.onnx", "/missing.onnx"}) {
    const Outcome outcome =
        place.tenfold({"verify", place.path("net"), "--model", models() + file});
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_NE(outcome.err.find(file), std::string::npos) << outcome.err;
  }
}

TEST(RoundTrip, TwoCompilesGiveTheSameBytes) {
  const Workplace place;
  for (const char* folder : {"first", "second"})
    ASSERT_EQ(place
                  .tenfold({"compile", models() + "/small.onnx", "--name", "net", "-o",
                            place.path(folder)},
                           {.environment = {"XDG_CACHE_HOME=" + place.path(folder) + "-cache"}})
                  .code,
              0);
  const Outcome difference = place.run({"diff", "-r", place.path("first"), place.path("second")});
  EXPECT_EQ(difference.code, 0) << difference.out;
}

TEST(RoundTrip, TunedRecordsAreUsedExportedAndImported) {
  const Workplace place;
  const std::string model = models() + "/small.onnx", records = place.path("records.sqlite");
  const Outcome tuned =
      place.tenfold({"tune", model, "--trials", "60", "--threads", "1", "--db", records});
  ASSERT_EQ(tuned.code, 0) << tuned.err;

  const Outcome exact = place.tenfold({"compile", model, "--threads", "1", "--require-tuned",
                                       "--db", records, "--name", "net", "-o", place.path("net")});
  EXPECT_EQ(exact.code, 0) << exact.err;
  EXPECT_EQ(place.tenfold({"verify", place.path("net"), "--model", model}).code, 0);
  EXPECT_NE(place
                .tenfold({"compile", model, "--require-tuned", "--db", place.path("none.sqlite"),
                          "-o", place.path("never")})
                .code,
            0);

  ASSERT_EQ(
      place.tenfold({"db", "export", "-o", place.path("records.jsonl"), "--db", records}).code, 0);
  const std::string copy = place.path("copy.sqlite");
  for (int time = 0; time < 2; ++time)  // the second import adds nothing
    ASSERT_EQ(place.tenfold({"db", "import", place.path("records.jsonl"), "--db", copy}).code, 0);
  for (const char* what : {"stats", "best"}) {
    const auto told = [&](const std::string& database) {
      auto json =
          nlohmann::json::parse(place.tenfold({"db", what, "--json", "-", "--db", database}).out);
      if (json.is_object()) json.erase("databases");
      return json;
    };
    EXPECT_EQ(told(copy), told(records));
  }
  EXPECT_EQ(place
                .tenfold({"compile", model, "--threads", "1", "--require-tuned", "--db", copy,
                          "--name", "net", "-o", place.path("again")})
                .code,
            0);
}

TEST(RoundTrip, BenchWritesItsFigures) {
  const Workplace place;
  ASSERT_TRUE(compiles(place, models() + "/small.onnx"));
  const Outcome outcome = place.tenfold({"bench", place.path("net"), "--threads", "1", "--seconds",
                                         "0.1", "--json", place.path("bench.json")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::ifstream file(place.path("bench.json"));
  const auto figures = nlohmann::json::parse(file);
  for (const char* name :
       {"median_ms", "min_ms", "load_ms", "threads", "peak_rss_bytes", "library_bytes"})
    EXPECT_TRUE(figures.at(name).is_number() && figures.at(name) > 0) << name;
  EXPECT_EQ(figures.at("allocations"), 0);
}

}  // namespace
}  // namespace tenfold::cli::testing
