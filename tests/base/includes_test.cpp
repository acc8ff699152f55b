// Reads every #include of the tree and holds it to the table of docs/design.md: which folder may
// include which.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Rule {
  std::set<std::string> ours;      // folders of ours beside the own one
  std::set<std::string> external;  // of halide, halide_runtime, tbb, llvm, protobuf: who may be
                                   // included from a header too
  std::set<std::string> external_in_cpp;
};

// The folder's own headers are always allowed. A program inside a folder has a row of its own.
const std::map<std::string, Rule> rules = {
    {"base", {{}, {}, {}}},
    {"dsl", {{"base"}, {}, {"halide"}}},
    {"graph", {{"base", "dsl"}, {}, {"protobuf"}}},
    {"schedules", {{"base", "dsl"}, {}, {"halide"}}},
    {"autotune", {{"base", "dsl", "schedules"}, {}, {}}},
    {"codegen", {{"base", "dsl", "graph", "schedules"}, {}, {"halide", "halide_runtime"}}},
    {"codegen/shims", {{"base"}, {"halide_runtime"}, {}}},
    {"runtime", {{"base"}, {"halide_runtime", "tbb"}, {}}},
    {"runtime/runner", {{"base", "runtime"}, {"halide_runtime", "tbb", "llvm"}, {}}},
};

struct Include {
  std::string file, target;
  int line;
};

std::vector<fs::path> sources(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string suffix = entry.path().extension();
    if (suffix == ".h" || suffix == ".cpp" || suffix == ".c") files.push_back(entry.path());
  }
  return files;
}

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  std::vector<Include> found;
  std::ifstream in(file);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    std::smatch match;
    if (std::regex_search(line, match, pattern)) found.push_back({file.string(), match[1], number});
  }
  return found;
}

/// The library that an outside header belongs to, of those that the table speaks of.
std::string external_name(const std::string& target) {
  if (target == "Halide.h") return "halide";
  if (target.starts_with("HalideRuntime") || target == "HalideBuffer.h") return "halide_runtime";
  if (target.starts_with("tbb/") || target.starts_with("oneapi/")) return "tbb";
  if (target.starts_with("llvm/") || target.starts_with("llvm-c/")) return "llvm";
  if (target.starts_with("google/protobuf/") || target == "onnx-ml.pb.h") return "protobuf";
  return "";
}

/// The rule of the innermost folder that has one.
const std::pair<const std::string, Rule>& rule_for(const fs::path& root, const fs::path& file) {
  const std::string relative = fs::relative(file, root).string();
  auto best = rules.end();
  for (auto rule = rules.begin(); rule != rules.end(); ++rule)
    if (relative.starts_with(rule->first + "/") &&
        (best == rules.end() || rule->first.size() > best->first.size()))
      best = rule;
  EXPECT_TRUE(best != rules.end()) << relative;
  return *best;
}

class Includes : public testing::Test {
 protected:
  const fs::path root = TENFOLD_SOURCE_DIR;

  std::string violation(const fs::path& file, const Include& include) const {
    const auto& [name, rule] = rule_for(root, file);
    const bool header = file.extension() == ".h";
    const std::string own_top = name.substr(0, name.find('/'));
    if (include.target.find("_halide.h") != std::string::npos) {
      const bool halide_header = file.filename().string().ends_with("_halide.h");
      if (header && !halide_header)
        return "a header that is free of Halide includes one that is not";
      if (!rule.external_in_cpp.contains("halide")) return "this folder may not see Halide";
    }
    const std::string external = external_name(include.target);
    if (!external.empty()) {
      const bool halide_header =
          external == "halide" && file.filename().string().ends_with("_halide.h");
      if (rule.external.contains(external)) return "";
      if (rule.external_in_cpp.contains(external) && (!header || halide_header)) return "";
      return "includes " + external + (header ? " from a header" : "");
    }
    const size_t slash = include.target.find('/');
    if (slash == std::string::npos) return "";
    std::string folder = include.target.substr(0, slash);
    if (folder == "tenfold") folder = include.target == "tenfold/abi.h" ? "base" : "runtime";
    static const std::set<std::string> all = {"base",     "dsl",     "graph",   "schedules",
                                              "autotune", "codegen", "runtime", "cli",
                                              "bench",    "tests",   "examples"};
    if (!all.contains(folder) || folder == own_top || rule.ours.contains(folder)) return "";
    return name + "/ may not include " + folder + "/";
  }
};

TEST_F(Includes, FollowTheTableOfDirections) {
  int files = 0;
  for (const auto& [folder, rule] : rules) {
    if (folder.find('/') != std::string::npos) continue;
    for (const fs::path& file : sources(root / folder)) {
      ++files;
      for (const Include& include : includes_of(file)) {
        const std::string broken = violation(file, include);
        EXPECT_EQ(broken, "") << fs::relative(include.file, root).string() << ":" << include.line
                              << ": " << include.target;
      }
    }
  }
  EXPECT_GT(files, 30) << "the sources are not where this test looks for them";
}

TEST_F(Includes, TheTableItselfForbids) {
  const auto forbidden = [&](const char* file, const char* target) {
    return !violation(root / file, {file, target, 1}).empty();
  };
  EXPECT_TRUE(forbidden("base/x.cpp", "graph/plan.h"));
  EXPECT_TRUE(forbidden("dsl/x.cpp", "schedules/space.h"));
  EXPECT_TRUE(forbidden("dsl/op.h", "Halide.h"));
  EXPECT_TRUE(forbidden("dsl/op.h", "dsl/algorithm_halide.h"));
  EXPECT_TRUE(forbidden("graph/x.cpp", "dsl/algorithm_halide.h"));
  EXPECT_TRUE(forbidden("autotune/x.cpp", "codegen/builder_pool.h"));
  EXPECT_TRUE(forbidden("autotune/x.cpp", "Halide.h"));
  EXPECT_TRUE(forbidden("runtime/x.cpp", "llvm/IR/Module.h"));
  EXPECT_TRUE(forbidden("runtime/x.cpp", "dsl/op.h"));
  EXPECT_TRUE(forbidden("codegen/x.cpp", "tenfold/tenfold.h"));
  EXPECT_FALSE(forbidden("dsl/x.cpp", "Halide.h"));
  EXPECT_FALSE(forbidden("dsl/algorithm_halide.h", "Halide.h"));
  EXPECT_FALSE(forbidden("autotune/x.cpp", "dsl/op.h"));
  EXPECT_FALSE(forbidden("runtime/runner/x.cpp", "llvm/IR/Module.h"));
  EXPECT_FALSE(forbidden("codegen/x.cpp", "tenfold/abi.h"));
}

}  // namespace
