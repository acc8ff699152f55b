// What goes wrong while a library is written, and that nothing half-written stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "codegen/file.h"
#include "codegen/interrupt.h"
#include "codegen/staging.h"
#include "tests/codegen/example_plans.h"

namespace tenfold::codegen {
namespace {

using namespace testing_support;

std::vector<VariantInput> small_variants() {
  auto variant = compiled(small_network(), *parse_target("host"));
  EXPECT_TRUE(variant) << variant.error().message;
  std::vector<VariantInput> variants;
  variants.push_back(*std::move(variant));
  return variants;
}

TEST(Failures, AFolderThatCannotBeMadeIsNamed) {
  TestFolder folder;
  ASSERT_TRUE(write_file(folder / "file", "x"));
  for (const std::string& out : {folder / "file", folder / "file/below/out"}) {
    const auto info = emit_library(small_variants(), {.name = "small", .folder = out});
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, ErrorCode::io);
    EXPECT_THAT(info.error().message, testing::HasSubstr("Not a directory"));
    EXPECT_THAT(info.error().message, testing::HasSubstr(folder / "file"));
  }
  EXPECT_THAT(listing(folder.path()), testing::ElementsAre("file"));
}

TEST(Failures, AFullDiskLeavesNothingAndTheOldLibraryStays) {
  TestFolder folder;
  const std::vector<VariantInput> variants = small_variants();
  ASSERT_TRUE(emit_library(variants, {.name = "small", .folder = folder / "out"}));
  const std::vector<std::string> before = listing(folder / "out");
  const std::string weights = *read_file(folder / "out/small.weights");

  // Files may not grow beyond a page: the write fails as it would on a full disk.
  signal(SIGXFSZ, SIG_IGN);
  rlimit usual;
  getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit small{2048, usual.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto fresh = emit_library(variants, {.name = "small", .folder = folder / "fresh/out"});
  const auto again = emit_library(variants, {.name = "small", .folder = folder / "out"});
  setrlimit(RLIMIT_FSIZE, &usual);

  ASSERT_FALSE(fresh);
  EXPECT_EQ(fresh.error().code, ErrorCode::io);
  EXPECT_THAT(fresh.error().message, testing::HasSubstr("small.weights: File too large"));
  ASSERT_FALSE(again);
  EXPECT_THAT(listing(folder.path()), testing::Not(testing::Contains("fresh")));
  EXPECT_EQ(listing(folder / "out"), before);
  EXPECT_EQ(*read_file(folder / "out/small.weights"), weights);
}

TEST(Failures, ADeviceThatIsFullIsReported) {
  const Status written = write_file("/dev/full", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write /dev/full: No space left on device");
}

TEST(Failures, AnInterruptWaitsUntilTheFolderIsClean) {
  TestFolder folder;
  const std::vector<VariantInput> variants = small_variants();
  const pid_t child = fork();
  if (child == 0) {
    const InterruptGuard guard;
    auto staging = Staging::begin(folder / "out");
    if (!staging || !write_file(staging->files() + "/half", "written")) _exit(3);
    raise(SIGINT);
    _exit(guard.check() ? 4 : 5);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 5);

  // A whole emission that is interrupted at its start ends the program by that signal, and leaves
  // nothing.
  const pid_t emitter = fork();
  if (emitter == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    std::thread([&] {
      usleep(20'000);
      kill(getpid(), SIGTERM);
    }).detach();
    for (;;) (void)emit_library(variants, {.name = "small", .folder = folder / "other"});
  }
  waitpid(emitter, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  for (const std::string& name : listing(folder.path()))
    EXPECT_THAT(name, testing::Not(testing::StartsWith("other.tmp")));
}

TEST(Failures, WhatAKilledProgramLeftIsRemovedByTheNext) {
  TestFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    auto staging = Staging::begin(folder / "out");
    if (!staging || !write_file(staging->files() + "/half", "written")) _exit(1);
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_THAT(listing(folder.path()), testing::Not(testing::IsEmpty()));
  { ASSERT_TRUE(Staging::begin(folder / "out")); }
  EXPECT_THAT(listing(folder.path()), testing::IsEmpty());
}

TEST(Failures, AnInstallThatFailsHalfwayIsUndone) {
  TestFolder folder;
  shell("mkdir -p " +
        folder / "out/b");  // a folder stands where a file should go, with something in it
  ASSERT_TRUE(write_file(folder / "out/a", "old"));
  ASSERT_TRUE(write_file(folder / "out/b/kept", "kept"));
  auto staging = Staging::begin(folder / "out");
  ASSERT_TRUE(staging);
  ASSERT_TRUE(write_file(staging->files() + "/a", "new"));
  EXPECT_FALSE(staging->install({"a", "missing"}));
  EXPECT_EQ(*read_file(folder / "out/a"), "old");
  EXPECT_EQ(*read_file(folder / "out/b/kept"), "kept");
}

TEST(Failures, AFolderWithoutANameIsRefused) {
  const auto staging = Staging::begin("");
  ASSERT_FALSE(staging);
  EXPECT_EQ(staging.error().code, ErrorCode::invalid_argument);
}

TEST(Failures, AnotherProgramsManifestIsLeftAlone) {
  TestFolder folder;
  for (const char* text : {"no JSON", "[]", R"({"name": "page", "files": ["own.js", "sub"]})",
                           R"({"name": "../out/own", "abi_version": 1, "files": []})"}) {
    shell("mkdir -p " + folder / "out/sub");
    ASSERT_TRUE(write_file(folder / "out/own.js", "own"));
    ASSERT_TRUE(write_file(folder / "out/manifest.json", text));
    const std::vector<std::string> before = listing(folder / "out");
    const auto staging = Staging::begin(folder / "out");
    ASSERT_FALSE(staging) << text;
    EXPECT_THAT(staging.error().message, testing::HasSubstr(folder / "out/manifest.json"));
    EXPECT_EQ(listing(folder / "out"), before);
  }
  shell("rm " + folder / "out/manifest.json" + " && mkfifo " + folder / "out/manifest.json");
  EXPECT_FALSE(Staging::begin(folder / "out"));  // and does not wait for a writer
}

TEST(Failures, AManifestRemovesFilesOfALibraryAlone) {
  TestFolder folder;
  shell("mkdir -p " + folder / "out/old.h");
  for (const char* file : {"own.txt", "old.pc", "libold.a", "old.h/own"})
    ASSERT_TRUE(write_file(folder / (std::string("out/") + file), "x"));
  const auto install = [&](const std::string& files) -> Status {
    EXPECT_TRUE(write_file(folder / "out/manifest.json",
                           R"({"name": "old", "abi_version": 1, "files": [)" + files + "]}"));
    TENFOLD_TRY(Staging staging, Staging::begin(folder / "out"));
    TENFOLD_CHECK(write_file(staging.files() + "/a", "new"));
    return staging.install({"a"});
  };
  EXPECT_TRUE(install(R"("own.txt", "old.pc", "../out/libold.a", 3)"));
  EXPECT_THAT(listing(folder / "out"), testing::ElementsAre("a", "libold.a", "manifest.json",
                                                            "old.h", "old.h/own", "own.txt"));
  EXPECT_FALSE(install(R"("libold.a", "old.h")"));  // a folder is nobody's to remove
  EXPECT_TRUE(read_file(folder / "out/libold.a"));
  EXPECT_TRUE(read_file(folder / "out/old.h/own"));
}

TEST(Failures, ANameThatWouldHideAnotherIsRefused) {
  for (const char* name : {"tenfold", "tenfold_runtime", "math", "m", "stdint", "sem"})
    EXPECT_FALSE(check_library_name(name)) << name;
  EXPECT_FALSE(check_library_name(std::string(201, 'a')));
  for (const char* name : {"conv2d", "maths", "_", "Math"})
    EXPECT_TRUE(check_library_name(name)) << name;
}

TEST(Failures, ANameThatIsNoIdentifierIsRefused) {
  TestFolder folder;
  for (const char* name : {"", "7net", "my-net", "a b", "a/b", "\xc3\xa9"}) {
    const auto info = emit_library({}, {.name = name, .folder = folder / "out"});
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Failures, ACallThatALibraryCannotMakeNamesTheStep) {
  TestFolder folder;
  std::vector<VariantInput> variants = small_variants();
  ASSERT_TRUE(write_file(folder / "calls.c",
                         "float atanf(float); int " + variants[0].kernels[1].symbol +
                             "_argv(void** a) { *(float*)a[1] = atanf(1); return 0; }"));
  shell("cc -O1 -fPIC -fno-builtin -c " + folder / "calls.c" + " -o " + folder / "calls.o");
  variants[0].kernels[1].object = *read_file(folder / "calls.o");
  const auto info = emit_library(variants, {.name = "small", .folder = folder / "out"});
  ASSERT_FALSE(info);
  EXPECT_THAT(info.error().message, testing::HasSubstr("the kernel of second ("));
  EXPECT_THAT(info.error().message, testing::HasSubstr("calls atanf"));
  EXPECT_THAT(listing(folder / "out"), testing::IsEmpty());
}

}  // namespace
}  // namespace tenfold::codegen
