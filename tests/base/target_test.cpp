// Targets: names, and the facts that defaults are computed from.
#include "base/target.h"

#include <gtest/gtest.h>

namespace tenfold {
namespace {

TEST(Target, ANameThatIsUnknownNamesTheKnownOnes) {
  const auto target = parse_target("x86_64-mmx");
  ASSERT_FALSE(target);
  for (const std::string& name : target_names())
    EXPECT_NE(target.error().message.find(name), std::string::npos) << name;
}

TEST(Target, EveryNameIsATarget) {
  for (const std::string& name : target_names()) EXPECT_TRUE(parse_target(name)) << name;
}

TEST(Target, AVectorHoldsAUnitForItsPieces) {
  Target target = *parse_target("x86_64-avx512");
  target.unit_lanes = 16;
  EXPECT_EQ(unit_cycles(target, 16), 1);
  EXPECT_EQ(unit_cycles(target, 32), 1) << "more than a register is more vectors";
  EXPECT_EQ(unit_cycles(target, 4), 1);
  target.unit_lanes = 8;
  EXPECT_EQ(unit_cycles(target, 16), 2);
  EXPECT_GE(unit_cycles(target, 8), 1);
  EXPECT_LT(unit_cycles(target, 8), 1.2);
}

}  // namespace
}  // namespace tenfold
