// Whatever is wrong with the input, a user gets one line that names the file and the rule, a
// documented exit code, within a second, without memory that a file merely claims, and no
// half-written output.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/program.h"
#include "tests/sanitizers.h"

namespace tenfold::cli::testing {
namespace {

constexpr double most_seconds = 1.0 * tests::sanitizer_factor;
// The compiler's own libraries take about 150 MB of it.
constexpr int64_t most_bytes = (int64_t{400} << 20) * tests::sanitizer_factor;

struct BadCase {
  const char* name;
  std::vector<std::string> arguments;  // $M stands for the models' folder, $W for the test's own
  int code;
  std::vector<const char*> says;
};

void PrintTo(const BadCase& bad, std::ostream* out) {
  *out << bad.name;
}

std::string expand(std::string text, const std::string& from, const std::string& to) {
  for (size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, from.size(), to);
  return text;
}

class BadInput : public ::testing::TestWithParam<BadCase> {
 public:
  const Workplace place;

  std::vector<std::string> arguments() const {
    std::vector<std::string> words;
    for (const std::string& word : GetParam().arguments)
      words.push_back(expand(expand(word, "$M", models()), "$W", place.path("")));
    return words;
  }
};

TEST_P(BadInput, GetsOneLineAndADocumentedExitCode) {
  models();
  place.write("file", "x");
  std::filesystem::create_directory(place.path("page"));
  place.write("page/manifest.json", R"({"name": "page", "inputs": 3, "files": ["own.js"]})");
  place.write("page/own.js", "own");
  const auto before = place.list();
  const Outcome outcome = place.tenfold(arguments());
  EXPECT_EQ(outcome.code, GetParam().code) << outcome.err << outcome.out;
  const std::string line = outcome.error_line();
  EXPECT_TRUE(line.starts_with("tenfold: error: ")) << "'" << outcome.err << "'";
  for (const char* part : GetParam().says)
    EXPECT_NE(line.find(expand(part, "$M", models())), std::string::npos)
        << part << "\n in: " << outcome.err;
  EXPECT_LT(outcome.seconds, most_seconds);
  EXPECT_LT(outcome.peak_rss_bytes, most_bytes);
  for (const std::string& path : place.list())
    EXPECT_TRUE(std::find(before.begin(), before.end(), path) != before.end() ||
                path.starts_with(place.path("cache")))
        << "left behind: " << path;
}

std::vector<std::string> compile(const std::string& model, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"compile", model, "-o", "$W/out"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const BadCase cases[] = {
    {"NoCommand", {}, 2, {"--help"}},
    {"UnknownCommand", {"compose"}, 2, {"compose"}},
    {"UnknownOption", compile("$M/small.onnx", {"--quickly"}), 2, {"--quickly"}},
    {"NoOutput", {"compile", "$M/small.onnx"}, 2, {"output"}},
    {"NeitherModelNorOp", {"compile", "-o", "$W/out"}, 2, {"--op"}},
    {"MissingModel", compile("$M/absent.onnx"), 3, {"$M/absent.onnx"}},
    {"FolderAsModel", compile("$M"), 3, {"$M"}},
    {"DeviceAsModel", compile("/dev/zero"), 3, {"/dev/zero"}},
    {"EmptyModel", compile("$M/empty.onnx"), 3, {"$M/empty.onnx"}},
    {"TruncatedModel", compile("$M/truncated.onnx"), 3, {"$M/truncated.onnx"}},
    {"RandomModel", compile("$M/random.onnx"), 3, {"$M/random.onnx"}},
    {"TextAsModel", compile("$M/text.onnx"), 3, {"$M/text.onnx"}},
    {"UnsupportedOperators",
     compile("$M/unsupported.onnx"),
     3,
     {"unsupported.onnx", "first_odd", "second_odd"}},
    {"InspectUnsupported",
     {"inspect", "$M/unsupported.onnx"},
     3,
     {"first_odd", "NonZero", "second_odd", "Det"}},
    {"UnboundDimension", compile("$M/unbound.onnx"), 2, {"unbound.onnx", "'x'", "--shape"}},
    {"ShapeOfNoInput",
     compile("$M/small.onnx", {"--shape", "z=1,3,18,22"}),
     2,
     {"small.onnx", "'z'"}},
    {"ShapeThatContradicts",
     compile("$M/small.onnx", {"--shape", "x=1,3,18,23"}),
     2,
     {"small.onnx", "'x'"}},
    {"ShapeOfOtherRank",
     compile("$M/unbound.onnx", {"--shape", "x=1,3,18"}),
     2,
     {"unbound.onnx", "'x'"}},
    {"ShapeThatIsNone",
     compile("$M/unbound.onnx", {"--shape", "x=1,three"}),
     2,
     {"--shape x=1,three"}},
    {"ShapeTooLarge",
     compile("$M/unbound.onnx", {"--shape", "x=1,3,2000000000,2000000000"}),
     2,
     {"--shape"}},
    {"KernelThatDoesNotFit",
     compile("$M/unbound.onnx", {"--shape", "x=1,5,8,8"}),
     2,
     {"unbound.onnx", "'x'"}},
    {"ChannelsThatDoNotFit", compile("$M/channels.onnx"), 3, {"channels.onnx", "'conv'"}},
    {"CyclicGraph", compile("$M/cyclic.onnx"), 3, {"cyclic.onnx", "cycl"}},
    {"LyingInitializer",
     compile("$M/lying_initializer.onnx"),
     3,
     {"lying_initializer.onnx", "'w'"}},
    {"ExternalOutside", compile("$M/external_outside.onnx"), 3, {"external_outside.onnx", "'w'"}},
    {"ExternalAbsolute",
     compile("$M/external_absolute.onnx"),
     3,
     {"external_absolute.onnx", "'w'"}},
    {"ExternalDevice", compile("$M/external_device.onnx"), 3, {"external_device.onnx", "'w'"}},
    {"ExternalLink",
     compile("$M/external_link.onnx"),
     3,
     {"external_link.onnx", "'w'", "link.bin"}},
    {"ExternalMissing",
     compile("$M/external_missing.onnx"),
     3,
     {"external_missing.onnx", "nowhere.bin"}},
    {"ExternalShort", compile("$M/external_short.onnx"), 3, {"external_short.onnx", "short.bin"}},
    {"ExternalBeyondMemory",
     compile("$M/external_sparse.onnx"),
     1,
     {"external_sparse.onnx", "'w'", "sparse.bin"}},
    {"UnknownTarget", compile("$M/small.onnx", {"--target", "vax"}), 2, {"'vax'", "x86_64-avx2"}},
    {"UnknownOutput",
     compile("$M/small.onnx", {"--outputs", "nothing"}),
     2,
     {"small.onnx", "nothing"}},
    {"BadAccuracy", compile("$M/small.onnx", {"--accuracy", "good"}), 2, {"--accuracy good"}},
    {"BadName", compile("$M/small.onnx", {"--name", "2 big"}), 2, {"--name 2 big"}},
    {"NameOfTheRuntime", compile("$M/small.onnx", {"--name", "tenfold"}), 2, {"--name tenfold"}},
    {"NameOfAStandardHeader", compile("$M/small.onnx", {"--name", "math"}), 2, {"--name math"}},
    {"OutputWithoutAName", {"compile", "$M/small.onnx", "-o", ""}, 2, {"--output"}},
    {"OutputOfAnotherProgram",
     {"compile", "$M/one_conv.onnx", "-o", "$W/page"},
     1,
     {"page/manifest.json"}},
    {"ManifestOfAnotherProgram", {"inspect", "$W/page"}, 3, {"page/manifest.json"}},
    {"OutputBelowAFile", {"compile", "$M/one_conv.onnx", "-o", "$W/file/out"}, 1, {"file"}},
    {"OutputIsAFile", {"compile", "$M/one_conv.onnx", "-o", "$W/file"}, 1, {"file"}},
    {"DatabaseThatIsNone", compile("$M/small.onnx", {"--db", "$M/text.onnx"}), 3, {"$M/text.onnx"}},
    {"DatabaseThatIsMissing", compile("$M/small.onnx", {"--db", "$W/no.sqlite"}), 3, {"no.sqlite"}},
    {"DatabaseThatIsAFolder", compile("$M/small.onnx", {"--db", "$M"}), 3, {"$M"}},
    {"StatsOfNoDatabase", {"db", "stats", "--db", "$M/random.onnx"}, 3, {"$M/random.onnx"}},
    {"ImportOfNoRecords",
     {"db", "import", "$M/text.onnx", "--db", "$W/cache/new.sqlite"},
     3,
     {"$M/text.onnx", "1"}},
    {"OpWithAnAttributeOfAnother",
     {"compile", "--op", "conv2d h=8 w=8 c=4 k=4 group=2", "-o", "$W/out"},
     2,
     {"'group'"}},
    {"OpWithHalfAPixel",
     {"compile", "--op", "conv2d h=8.5 w=8 c=4", "-o", "$W/out"},
     2,
     {"whole number"}},
    {"OpWithANamelessNumber", {"compile", "--op", "map c=4 =1 relu", "-o", "$W/out"}, 2, {"'=1'"}},
    {"OpThatIsNone", {"compile", "--op", "convolve n=1", "-o", "$W/out"}, 2, {"convolve"}},
    {"OpThatDoesNotFit",
     {"compile", "--op", "conv2d n=1 h=2 w=2 c=4 k=4 r=5 s=5", "-o", "$W/out"},
     2,
     {"--op"}},
    {"OpWithZeroStride",
     {"compile", "--op", "conv2d n=1 h=8 w=8 c=4 k=4 r=3 s=3 stride=0", "-o", "$W/out"},
     2,
     {"stride"}},
    {"NoLibrary",
     {"run", "$M", "--input", "x=$M/small_x.npy", "--output", "y=$W/y.npy"},
     3,
     {"$M"}},
    {"NoFolder",
     {"run", "$W/absent", "--input", "x=$M/small_x.npy", "--output", "y=$W/y.npy"},
     3,
     {"absent"}},
    {"VerifyNoLibrary", {"verify", "$W/absent", "--model", "$M/small.onnx"}, 3, {"absent"}},
    {"BenchNothing", {"bench"}, 2, {"--op"}},
    {"BenchNoLibrary", {"bench", "$W/absent"}, 3, {"absent"}},
    {"BenchTwoSubjects", {"bench", "--suite", "ops", "--op", "map c=4 relu"}, 2, {"--suite"}},
    {"BenchUnknownSuite", {"bench", "--suite", "networks"}, 2, {"networks", "ops"}},
    {"BenchBrokenFilter", {"bench", "--suite", "ops", "--filter", "conv["}, 2, {"--filter conv["}},
    {"BenchFilterOfNothing", {"bench", "--suite", "ops", "--filter", "sonnet"}, 2, {"sonnet"}},
    {"BenchFilterAlone", {"bench", "--op", "map c=4 relu", "--filter", "a"}, 2, {"--filter"}},
    {"BenchBadThreads", {"bench", "--suite", "ops", "--threads", "1,two"}, 2, {"1,two"}},
    {"BenchThreadsOfANetwork", {"bench", "$M", "--threads", "1,2"}, 2, {"--threads"}},
    {"BenchUnknownPeer",
     {"bench", "--op", "map c=4 relu", "--against", "abacus"},
     2,
     {"abacus", "onednn", "onnxruntime"}},
    {"BenchTargetOfADevice",
     {"bench", "--op", "map c=4 relu", "--target", "cuda-sm80"},
     4,
     {"--target cuda-sm80"}},
    {"BenchUnknownTarget",
     {"bench", "--op", "map c=4 relu", "--target", "pdp11"},
     2,
     {"pdp11", "x86_64-avx2"}},
    {"BenchBadOp", {"bench", "--op", "convolve c=4"}, 2, {"convolve"}},
    {"TuneMissingModel", {"tune", "$M/absent.onnx"}, 3, {"$M/absent.onnx"}},
    {"TuneIntoNoDatabase", {"tune", "$M/small.onnx", "--db", "$M/text.onnx"}, 3, {"$M/text.onnx"}},
    {"TuneForever", {"tune", "$M/small.onnx", "--time", "soon"}, 2, {"--time soon"}},
};

INSTANTIATE_TEST_SUITE_P(All, BadInput, ::testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(FullDisk, LeavesNoLibraryBehind) {
  const Workplace place;
  // 16 KiB a file: kernels fit, the library does not.
  const Outcome outcome =
      place.tenfold({"compile", models() + "/small.onnx", "-o", place.path("out")},
                    {.file_size_limit_bytes = 16 << 10});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_TRUE(outcome.error_line().starts_with("tenfold: error: ")) << outcome.err;
  EXPECT_TRUE(place.list("out").empty());
  for (const std::string& path : place.list())
    EXPECT_TRUE(path.starts_with(place.path("cache"))) << path;
}

TEST(FullDisk, LeavesAnOlderLibraryAsItWas) {
  const Workplace place;
  const std::vector<std::string> command{"compile", models() + "/one_conv.onnx", "-o",
                                         place.path("out")};
  ASSERT_EQ(place.tenfold(command).code, 0);
  const auto before = place.list("out");
  const Outcome outcome =
      place.tenfold({"compile", models() + "/small.onnx", "-o", place.path("out")},
                    {.file_size_limit_bytes = 16 << 10});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(place.list("out"), before);
  EXPECT_EQ(place.tenfold({"inspect", place.path("out")}).code, 0);
}

TEST(FullDisk, IsReportedByRunToo) {
  const Workplace place;
  ASSERT_EQ(place.tenfold({"compile", models() + "/small.onnx", "-o", place.path("out")}).code, 0);
  const Outcome outcome =
      place.tenfold({"run", place.path("out"), "--input", "x=" + models() + "/small_x.npy",
                     "--output", "y=/dev/full"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.error_line().find("/dev/full"), std::string::npos) << outcome.err;
}

TEST(Names, OfBytesThatAreNoTextArePrinted) {
  const Workplace place;
  const Outcome outcome = place.tenfold({"inspect", models() + "/no_utf8.onnx", "--json", "-"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(Library, WhoseWeightsAreDamagedIsNotRun) {
  const Workplace place;
  ASSERT_EQ(place.tenfold({"compile", models() + "/small.onnx", "-o", place.path("out")}).code, 0);
  std::fstream weights(place.path("out/small.weights"),
                       std::ios::in | std::ios::out | std::ios::binary);
  weights.seekp(4096 + 100);
  weights.put('\x55');
  weights.close();
  const Outcome outcome =
      place.tenfold({"run", place.path("out"), "--input", "x=" + models() + "/small_x.npy",
                     "--output", "y=" + place.path("y.npy")});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_NE(outcome.error_line().find("small.weights"), std::string::npos) << outcome.err;
}

TEST(Library, WhoseManifestIsDamagedIsNotInspected) {
  const Workplace place;
  std::filesystem::create_directory(place.path("out"));
  for (const char* text : {"", "[]", "{}", "null", R"({"name": 3})", R"({"variants": 5})",
                           R"({"name": "a", "compiler": "b", "inputs": [{"name": 5}]})"}) {
    place.write("out/manifest.json", text);
    const Outcome outcome = place.tenfold({"inspect", place.path("out")});
    EXPECT_EQ(outcome.code, 3) << text;
    EXPECT_NE(outcome.error_line().find("out/manifest.json"), std::string::npos) << outcome.err;
  }
}

TEST(KernelCache, ThatIsDamagedIsBuiltAnew) {
  const Workplace place;
  const std::vector<std::string> command{"compile", models() + "/one_conv.onnx", "-o",
                                         place.path("out")};
  ASSERT_EQ(place.tenfold(command).code, 0);
  for (const char* text : {"", "[]", R"({"object_hash": 5})", R"({"scratch_bytes": "many"})"}) {
    for (const std::string& file : place.list("cache"))
      if (file.ends_with(".json")) std::ofstream(file) << text;
    EXPECT_EQ(place.tenfold(command).code, 0) << text;
  }
}

TEST(Arrays, ThatDoNotFitAreNamed) {
  const Workplace place;
  ASSERT_EQ(place.tenfold({"compile", models() + "/small.onnx", "-o", place.path("out")}).code, 0);
  for (const char* file : {"wrong_shape.npy", "wrong_type.npy", "text.onnx", "empty.onnx"}) {
    const Outcome outcome =
        place.tenfold({"run", place.path("out"), "--input", "x=" + models() + "/" + file,
                       "--output", "y=" + place.path("y.npy")});
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_NE(outcome.error_line().find(file), std::string::npos) << outcome.err;
    EXPECT_NE(access(place.path("y.npy").c_str(), F_OK), 0);
  }
}

}  // namespace
}  // namespace tenfold::cli::testing
