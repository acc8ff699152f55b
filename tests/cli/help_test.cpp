#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace tenfold::cli::testing {
namespace {

TEST(Help, OfEveryCommandNamesTheExitCodes) {
  const Workplace place;
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{},
                                             {"inspect"},
                                             {"tune"},
                                             {"compile"},
                                             {"verify"},
                                             {"run"},
                                             {"bench"},
                                             {"db"},
                                             {"db", "stats"},
                                             {"db", "export"},
                                             {"db", "import"},
                                             {"db", "best"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const Outcome outcome = place.tenfold(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    EXPECT_NE(outcome.out.find("Exit codes: 0 well, 1 failed"), std::string::npos) << outcome.out;
    if (!command.empty())
      EXPECT_NE(outcome.out.find("Usage: tenfold " + command[0]), std::string::npos) << outcome.out;
  }
}

TEST(Help, ListsEveryCommand) {
  const Workplace place;
  const Outcome outcome = place.tenfold({"--help"});
  for (const char* command : {"inspect", "tune", "compile", "verify", "run", "bench", "db"})
    EXPECT_NE(outcome.out.find(std::string("\n  ") + command), std::string::npos) << command;
  EXPECT_TRUE(place.tenfold({"--version"}).out.starts_with("tenfold "));
}

}  // namespace
}  // namespace tenfold::cli::testing
