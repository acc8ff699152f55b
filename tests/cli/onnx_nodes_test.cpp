// ONNX's own node tests, for every operator of docs/onnx.md: the cases that onnx_nodes.txt lists
// are compiled, run and compared with the outputs that ONNX states. Every other case of these
// operators stands in onnx_nodes_left_out.txt with the reason; one that has vanished, or is new,
// fails.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "cli/npy.h"
#include "tests/cli/program.h"

namespace tenfold::cli::testing {
namespace {

const std::string here = TENFOLD_SOURCE_DIR "/tests/cli/";

/// The operators that docs/onnx.md says are read: computed and folded ones.
std::vector<std::string> documented_operators() {
  std::ifstream file(TENFOLD_SOURCE_DIR "/docs/onnx.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> operators;
  static const std::regex word("[A-Za-z0-9]+");
  for (const char* title : {"**Computed on any feature map:**", "not computed:**"}) {
    const size_t from = text.find(title) + std::string(title).size();
    const std::string part = text.substr(from, text.find_first_of(".(", from) - from);
    for (std::sregex_iterator at(part.begin(), part.end(), word), end; at != end; ++at)
      operators.push_back(at->str());
  }
  return operators;
}

/// First words of the lines; what follows a name is its reason.
std::map<std::string, std::string> listed(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::map<std::string, std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.find(' ');
    const std::string reason = space == std::string::npos ? "" : line.substr(space + 1);
    EXPECT_TRUE(names.emplace(line.substr(0, space), reason).second) << line << " comes twice";
  }
  return names;
}

struct Tensor {
  std::string name, file;
  double relative = 0, absolute = 0;
};

struct Model {
  std::string file;
  std::vector<Tensor> inputs, outputs;
};

/// Made once, and kept beside the programs until the list or the cases change.
const std::string& folder() {
  static const std::string path = [] {
    const std::string made = TENFOLD_BIN_DIR "/../onnx_nodes";
    std::vector<std::string> command{TENFOLD_PYTHON, here + "onnx_nodes.py", made,
                                     here + "onnx_nodes.txt"};
    for (const std::string& name : documented_operators()) command.push_back(name);
    const Workplace place;
    const Outcome outcome = place.run(command, {.timeout_s = 550});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return made;
  }();
  return path;
}

std::vector<Model> groups() {
  std::ifstream file(folder() + "/groups.txt");
  std::vector<Model> models;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    Tensor tensor;
    words >> kind;
    if (kind == "model") {
      words >> models.emplace_back().file;
      continue;
    }
    words >> tensor.name >> tensor.file >> tensor.relative >> tensor.absolute;
    (kind == "input" ? models.back().inputs : models.back().outputs).push_back(tensor);
  }
  return models;
}

/// NaN is NaN and an infinity itself.
bool close(float got, float want, const Tensor& bound) {
  if (std::isnan(want) || std::isinf(want)) return std::isnan(want) ? std::isnan(got) : got == want;
  return std::abs(got - want) <= bound.absolute + bound.relative * std::abs(want);
}

void expect_equal(const Tensor& tensor, const std::string& got_file) {
  const auto got = read_npy(got_file), want = read_npy(folder() + "/" + tensor.file);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_TRUE(want) << want.error().message;
  ASSERT_EQ(got->dims(), want->dims()) << tensor.name;
  for (int64_t i = 0; i < want->elements(); ++i)
    ASSERT_TRUE(close(got->as<float>()[i], want->as<float>()[i], tensor))
        << tensor.name << "[" << i << "] is " << got->as<float>()[i] << ", ONNX has "
        << want->as<float>()[i];
}

TEST(OnnxNodes, EveryCaseIsListedOrLeftOutForAReason) {
  std::set<std::string> known;
  std::ifstream file(folder() + "/names.txt");
  for (std::string name; file >> name;) known.insert(name);
  ASSERT_GT(known.size(), 700u);
  const auto run = listed(here + "onnx_nodes.txt");
  const auto left_out = listed(here + "onnx_nodes_left_out.txt");
  for (const auto& [name, reason] : run) {
    EXPECT_TRUE(known.contains(name)) << name << " is listed, and ONNX has no such case";
    EXPECT_FALSE(left_out.contains(name)) << name << " stands in both lists";
  }
  for (const auto& [name, reason] : left_out) {
    EXPECT_TRUE(known.contains(name)) << name << " is left out, and ONNX has no such case";
    EXPECT_FALSE(reason.empty()) << name << " is left out without a reason";
  }
  for (const std::string& name : known)
    EXPECT_TRUE(run.contains(name) || left_out.contains(name)) << name << " stands in no list";
}

TEST(OnnxNodes, AreComputedAsStated) {
  for (const Model& model : groups()) {
    SCOPED_TRACE(model.file);
    const Workplace place;
    const Outcome compiled = place.tenfold(
        {"compile", folder() + "/" + model.file, "--name", "nodes", "-o", place.path("nodes")},
        {.timeout_s = 550});
    EXPECT_EQ(compiled.code, 0) << compiled.err;
    if (compiled.code != 0) continue;
    std::vector<std::string> command{"run", place.path("nodes"), "--threads", "1"};
    for (const Tensor& tensor : model.inputs) {
      command.push_back("--input");
      command.push_back(tensor.name + "=" + folder() + "/" + tensor.file);
    }
    for (const Tensor& tensor : model.outputs) {
      command.push_back("--output");
      command.push_back(tensor.name + "=" + place.path(tensor.file));
    }
    const Outcome ran = place.tenfold(command);
    EXPECT_EQ(ran.code, 0) << ran.err;
    if (ran.code != 0) continue;
    for (const Tensor& tensor : model.outputs) expect_equal(tensor, place.path(tensor.file));
  }
}

}  // namespace
}  // namespace tenfold::cli::testing
