#include "autotune/work_folder.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "tests/autotune/support.h"

namespace tenfold::autotune {
namespace {

namespace fs = std::filesystem;

void age(const fs::path& path) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

TEST(WorkFolder, IsRemovedWithItsContent) {
  const Folder folder;
  {
    const auto work = WorkFolder::make(folder.file("a/b"));
    ASSERT_TRUE(work) << work.error().message;
    std::ofstream((*work)->file("data")) << "x";
    EXPECT_TRUE(fs::exists((*work)->file("data")));
  }
  EXPECT_TRUE(fs::is_empty(folder.path() / "a" / "b"));
}

TEST(WorkFolder, WhatAKilledOwnerLeftIsRemovedAndNothingElse) {
  const Folder folder;
  const auto held = WorkFolder::make(folder.path());
  ASSERT_TRUE(held);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    const auto work = WorkFolder::make(folder.path());
    const std::string path = work ? (*work)->path() : "";
    if (write(ready[1], path.data(), path.size()) < 0) _exit(1);
    pause();
  }
  char text[4096] = {};
  ASSERT_GT(read(ready[0], text, sizeof text - 1), 0);
  const fs::path left = text;
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  fs::create_directory(folder.path() / "tenfold-run-foreign");
  fs::create_directory(folder.path() / "other");
  for (const fs::path& path :
       {left, fs::path((*held)->path()), folder.path() / "tenfold-run-foreign"})
    age(path);

  const auto next = WorkFolder::make(folder.path());
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists((*held)->path()));
  EXPECT_TRUE(fs::exists(folder.path() / "tenfold-run-foreign"));  // never locked by us
  EXPECT_TRUE(fs::exists(folder.path() / "other"));
}

TEST(WorkFolder, SaysWhereItCanNotBe) {
  const Folder folder;
  std::ofstream(folder.file("file")) << "x";
  const auto work = WorkFolder::make(folder.file("file"));
  ASSERT_FALSE(work);
  EXPECT_EQ(work.error().code, ErrorCode::io);
  EXPECT_TRUE(work.error().message.starts_with(folder.file("file")));
}

}  // namespace
}  // namespace tenfold::autotune
