#include "cli/variants.h"

#include <gtest/gtest.h>

namespace tenfold::cli {
namespace {

using Names = std::vector<std::string>;

Names ordered(const Names& names) {
  const auto targets = variant_targets(names);
  EXPECT_TRUE(targets) << targets.error().message;
  Names found;
  if (targets)
    for (const Target& target : *targets) found.push_back(target.name);
  return found;
}

TEST(Variants, TheWidestCpuTargetIsTriedFirst) {
  EXPECT_EQ(ordered({"x86_64-avx2", "x86_64-avx512"}), (Names{"x86_64-avx512", "x86_64-avx2"}));
  EXPECT_EQ(ordered({"x86_64-avx512", "x86_64-avx2"}), (Names{"x86_64-avx512", "x86_64-avx2"}));
}

TEST(Variants, DevicesStayWhereTheyAreGiven) {
  EXPECT_EQ(ordered({"cuda-sm90", "x86_64-avx2", "opencl", "x86_64-avx512"}),
            (Names{"cuda-sm90", "x86_64-avx512", "opencl", "x86_64-avx2"}));
  EXPECT_EQ(ordered({"opencl", "x86_64-avx2"}), (Names{"opencl", "x86_64-avx2"}));
}

TEST(Variants, OfOneTargetThereIsOne) {
  const Names host = ordered({"host"});
  ASSERT_EQ(host.size(), 1u);
  EXPECT_EQ(ordered({host[0], "host", host[0]}), host);
}

TEST(Variants, UnknownTargetsAreNamed) {
  const auto targets = variant_targets({"host", "x86_64-mmx"});
  ASSERT_FALSE(targets);
  EXPECT_NE(targets.error().message.find("x86_64-mmx"), std::string::npos);
}

}  // namespace
}  // namespace tenfold::cli
