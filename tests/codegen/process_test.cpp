// Running tools: their output, their failures, in one line.
#include "codegen/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace tenfold::codegen {
namespace {

TEST(Process, GivesBothOutputs) {
  const auto output = run_program({"sh", "-c", "echo one; echo two >&2"});
  ASSERT_TRUE(output);
  EXPECT_EQ(*output, "one\ntwo\n");
}

TEST(Process, AFailureIsTheLineThatSpeaksOfIt) {
  const auto failed = run_program({"sh", "-c", "echo messages:; echo 'Fatal error: full'; exit 1"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "sh: Fatal error: full");
  EXPECT_EQ(run_program({"sh", "-c", "echo only; exit 1"}).error().message, "sh: only");
  EXPECT_EQ(run_program({"false"}).error().message, "false: no output");
}

TEST(Process, AProgramThatIsNotThereIsNamed) {
  const auto missing = run_program({"/no/such/program"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::unavailable);
  EXPECT_EQ(missing.error().message, "cannot run /no/such/program: No such file or directory");
}

TEST(Process, ASignalIsNamed) {
  EXPECT_EQ(run_program({"sh", "-c", "kill -SEGV $$"}).error().message, "sh died of SIGSEGV");
  EXPECT_EQ(signal_name(SIGABRT), "SIGABRT");
}

}  // namespace
}  // namespace tenfold::codegen
