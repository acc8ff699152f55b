// A network's library: what it computes, what it exports, that it is the same each time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "codegen/file.h"
#include "codegen/header_text.h"
#include "tests/codegen/example_plans.h"
#include "tests/codegen/library_runner.h"
#include "tests/graph/plan_interpreter.h"

namespace tenfold::codegen {
namespace {

using namespace testing_support;

std::vector<Array> picture(uint32_t seed) {
  std::vector<Array> inputs;
  inputs.emplace_back(DType::f32, Dims{2, 3, 9, 11});
  fill_with_integers(inputs[0], seed);
  return inputs;
}

std::vector<float> values(const Array& array) {
  return {array.as<float>().begin(), array.as<float>().end()};
}

Target host() {
  return *parse_target("host");
}

std::vector<VariantInput> small_variants(const Target& target = host()) {
  auto variant = compiled(small_network(), target);
  EXPECT_TRUE(variant) << variant.error().message;
  std::vector<VariantInput> variants;
  variants.push_back(*std::move(variant));
  return variants;
}

TEST(Library, ComputesWhatThePlanSays) {
  TestFolder folder;
  const auto info = emit_library(small_variants(), {.name = "small", .folder = folder / "out"});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->kernel_count, 3);
  EXPECT_GT(info->library_bytes, 0);

  LibraryRunner runner(folder / "out", "small");
  const std::vector<Array> inputs = picture(7);
  const graph::Plan plan = small_network();
  const auto expected = graph::PlanInterpreter(plan).run(inputs);
  ASSERT_TRUE(expected) << expected.error().message;
  for (int pass = 0; pass < 2; ++pass)
    EXPECT_EQ(values(runner.run(host().name, inputs)[0]), values((*expected)[0]));
  EXPECT_LE(runner.most_bytes, runner.library().variants[0].scratch_bytes);
  EXPECT_STREQ(runner.library().inputs[0].name, "picture \"x\"");
  EXPECT_STREQ(runner.library().variants[0].steps[1].name, "second");
}

TEST(Library, CarriesSeveralTargetsAndStoresEqualConstantsOnce) {
  TestFolder folder;
  std::vector<VariantInput> variants = small_variants(*parse_target("x86_64-avx512"));
  variants.push_back(std::move(small_variants(*parse_target("x86_64-avx2"))[0]));
  const auto info = emit_library(variants, {.name = "small", .folder = folder / "out"});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->kernel_count, 6);
  LibraryRunner runner(folder / "out", "small");
  const tenfold_library& library = runner.library();
  ASSERT_EQ(library.variant_count, 2u);
  for (int v = 0; v < 2; ++v) {
    const tenfold_variant& variant = library.variants[v];
    EXPECT_EQ(variant.weights_offset_bytes % 4096, 0);
    const auto bias_of = [&](int step) {
      const tenfold_step& s = variant.steps[step];
      return s.operands[s.operand_count - 2].offset_bytes;
    };
    EXPECT_EQ(bias_of(0), bias_of(1));
  }
  EXPECT_GT(library.variants[1].weights_offset_bytes, library.variants[0].weights_offset_bytes);
  const std::vector<Array> inputs = picture(8);
  const graph::Plan plan = small_network();
  const auto expected = graph::PlanInterpreter(plan).run(inputs);
  ASSERT_TRUE(expected);
  for (const char* target : {"x86_64-avx2", "x86_64-avx512"}) {
    if (!runs_here(*parse_target(target))) continue;
    EXPECT_EQ(values(runner.run(target, inputs)[0]), values((*expected)[0])) << target;
  }
}

TEST(Library, IdenticalKernelsAreEmittedOnce) {
  TestFolder folder;
  std::vector<VariantInput> variants = small_variants();
  graph::Plan& plan = variants[0].plan;
  plan.steps.push_back(plan.steps[2]);
  variants[0].configs.push_back(variants[0].configs[2]);
  variants[0].kernels.push_back(variants[0].kernels[2]);
  const auto info = emit_library(variants, {.name = "small", .folder = folder / "out"});
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->kernel_count, 4);
  EXPECT_EQ(info->distinct_kernel_count, 3);
}

TEST(Library, ExportsTheQueryAlone) {
  TestFolder folder;
  ASSERT_TRUE(emit_library(small_variants(), {.name = "small", .folder = folder / "out"}));
  EXPECT_EQ(shell("nm -D --defined-only " + folder / "out/libsmall.so" + " | awk '{print $3}'"),
            "small_query\n");
  EXPECT_EQ(
      shell("nm -g --defined-only " + folder / "out/libsmall.a" + " | awk 'NF == 3 {print $3}'"),
      "small_query\n");
  const std::string wanted = shell("nm -u " + folder / "out/libsmall.a");
  EXPECT_THAT(wanted, testing::Not(testing::HasSubstr("halide")));
  const std::string dynamic = shell("readelf -dlW " + folder / "out/libsmall.so");
  EXPECT_THAT(dynamic, testing::Not(testing::HasSubstr("TEXTREL")));
  EXPECT_THAT(dynamic, testing::HasSubstr("[libsmall.so]"));
  EXPECT_THAT(dynamic, testing::ContainsRegex("GNU_STACK .* RW "));
  EXPECT_EQ(shell("readelf -sW " + folder / "out/libsmall.so" + " | grep -c ' FILE ' || true"),
            "0\n");
}

TEST(Library, EmissionIsByteIdentical) {
  TestFolder folder;
  const std::vector<VariantInput> variants = small_variants();
  for (const char* out : {"one", "two"})
    ASSERT_TRUE(emit_library(variants, {.name = "small", .folder = folder / out}));
  EXPECT_EQ(shell("diff -r " + folder / "one" + ' ' + folder / "two"), "");
  EXPECT_THAT(shell("cat $(find " + folder / "one" + " -type f) | strings"),
              testing::Not(testing::HasSubstr(folder.path())));
}

TEST(Library, AFolderMayHaveAnyName) {
  TestFolder folder;
  for (const char* out : {"a b", "a,b", "a\"b", "a\\b", "a\nb", "@a", "$(a)"}) {
    const auto info = emit_library(small_variants(), {.name = "small", .folder = folder / out});
    EXPECT_TRUE(info) << out << ": " << info.error().message;
  }
}

TEST(Library, NamesOfPortsDoNotCollideInTheHeader) {
  const std::vector<std::string> names =
      distinct_identifiers({"count", "x", "X", "x_bytes", "x_2", "y_bytes", "y"});
  std::set<std::string> macros = {"count"};
  for (const std::string& name : names) {
    EXPECT_TRUE(macros.insert(name).second) << name;
    EXPECT_TRUE(macros.insert(name + "_bytes").second) << name;
  }
  EXPECT_EQ(names[1], "x");
}

TEST(Library, ReplacesAnOlderOneAndLeavesOtherFilesAlone) {
  TestFolder folder;
  const std::vector<VariantInput> variants = small_variants();
  ASSERT_TRUE(emit_library(variants, {.name = "old", .folder = folder / "out"}));
  ASSERT_TRUE(write_file(folder / "out/notes.txt", "mine"));
  ASSERT_TRUE(
      emit_library(variants, {.name = "fresh", .folder = folder / "out", .emit = Emit::static_}));
  EXPECT_THAT(listing(folder / "out"),
              testing::ElementsAre("cmake", "cmake/freshConfig.cmake", "fresh.h", "fresh.pc",
                                   "fresh.weights", "libfresh.a", "manifest.json", "notes.txt"));
  EXPECT_EQ(*read_file(folder / "out/notes.txt"), "mine");
  EXPECT_THAT(listing(folder.path()), testing::Each(testing::StartsWith("out")));
}

TEST(Library, TwoOfThemLiveInOneProgram) {
  TestFolder folder;
  const std::vector<VariantInput> variants = small_variants();
  for (const char* name : {"first", "second"})
    ASSERT_TRUE(emit_library(variants, {.name = name, .folder = folder / name}));
  ASSERT_TRUE(write_file(folder / "main.cpp", R"(
#include "first/first.h"
#include "second/second.h"
#include <cstdio>
int halide_malloc = 3;  // a name of the program's own
int main() {
  std::printf("%s %s %d\n", first_query(TENFOLD_ABI_VERSION)->name, second_query(TENFOLD_ABI_VERSION)->name,
              FIRST_INPUT_COUNT + halide_malloc);
})"));
  const std::string flags = " -std=c++17 -Wall -Werror -Wno-unused-function -I" + folder.path() +
                            " -I" TENFOLD_SOURCE_DIR "/runtime/include -I" TENFOLD_SOURCE_DIR
                            "/base/include ";
  shell("c++ -c" + flags + folder / "main.cpp" + " -o " + folder / "main.o");
  // The inline NAME_open is not used, so that the runtime is not needed here.
  const std::string libraries =
      ' ' + folder / "first/libfirst.a" + ' ' + folder / "second/libsecond.a";
  shell("c++ " + folder / "main.o" + libraries + " -o " + folder / "main");
  EXPECT_EQ(shell(folder / "main"), "first second 4\n");
}

TEST(Library, ManifestNamesItsFilesAndSteps) {
  TestFolder folder;
  ASSERT_TRUE(emit_library(small_variants(), {.name = "small", .folder = folder / "out"}));
  const auto manifest = nlohmann::json::parse(*read_file(folder / "out/manifest.json"));
  EXPECT_EQ(manifest["kind"], "network");
  EXPECT_EQ(manifest["variants"][0]["steps"].size(), 3u);
  std::vector<std::string> files = manifest["files"];
  std::vector<std::string> found = listing(folder / "out");
  std::erase(found, "cmake");
  std::sort(files.begin(), files.end());
  EXPECT_EQ(files, found);
}

}  // namespace
}  // namespace tenfold::codegen
