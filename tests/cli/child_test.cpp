#include "cli/child.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tenfold::cli::testing {
namespace {

/// Answers each line with what the variable holds, and how many variables have its name.
std::vector<std::string> says(const std::string& variable) {
  return {"sh", "-c",
          "while read line; do echo \"{\\\"value\\\": \\\"$" + variable +
              "\\\", \\\"count\\\": $(tr '\\0' '\\n' < /proc/$$/environ | grep -c ^" + variable +
              "=)}\"; done"};
}

TEST(Child, AnEnvironmentReplacesWhatThisProcessHas) {
  ASSERT_EQ(::setenv("TENFOLD_CHILD_TEST", "kept", 1), 0);
  ASSERT_EQ(::setenv("TENFOLD_CHILD_TEST_2", "old", 1), 0);
  const std::vector<std::string> changed = {"TENFOLD_CHILD_TEST_2=new"};
  auto child = Child::start("sh", says("TENFOLD_CHILD_TEST_2"), changed);
  ASSERT_TRUE(child) << child.error().message;
  const auto answer = child->call({{"any", 1}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["value"], "new");
  EXPECT_EQ((*answer)["count"], 1);

  auto other = Child::start("sh", says("TENFOLD_CHILD_TEST"), changed);
  ASSERT_TRUE(other) << other.error().message;
  const auto kept = other->call({{"any", 1}});
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ((*kept)["value"], "kept");
}

TEST(Child, AProgramThatIsNotThereIsUnavailable) {
  const auto child = Child::start("nothing", {"/nowhere/tenfold-child"}, {"A=b"});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace tenfold::cli::testing
