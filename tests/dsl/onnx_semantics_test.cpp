// The plain references, which everything else is held against, against ONNX Runtime: models of one
// node, made by onnx_cases.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/buffer_layout.h"
#include "dsl/op.h"

namespace tenfold::dsl {
namespace {

std::vector<float> read_floats(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<float> values(std::filesystem::file_size(path) / sizeof(float));
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

struct Case {
  std::string text;
  std::vector<std::vector<float>> inputs, params;
  std::vector<float> output;
};

std::vector<Case> make_cases(const std::filesystem::path& folder) {
  const std::string python = TENFOLD_SOURCE_DIR "/.deps/venv/bin/python";
  const std::string script = TENFOLD_SOURCE_DIR "/tests/dsl/onnx_cases.py";
  if (std::system((python + " " + script + " " + folder.string()).c_str()) != 0) return {};
  std::vector<Case> cases;
  std::ifstream file(folder / "cases");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word, name;
    words >> word >> name;
    if (word == "input")
      cases.back().inputs.push_back(read_floats(folder / name));
    else if (word == "param")
      cases.back().params.push_back(read_floats(folder / name));
    else if (word == "output")
      cases.back().output = read_floats(folder / name);
    else if (!word.empty())
      cases.push_back({line, {}, {}, {}});
  }
  return cases;
}

void expect_same(const Case& one) {
  SCOPED_TRACE(one.text);
  const auto task = parse_task(one.text);
  ASSERT_TRUE(task) << task.error().message;
  const Status status = check(*task);
  ASSERT_TRUE(status) << status.error().message;
  const std::vector<Param> wanted = params(*task);
  ASSERT_EQ(wanted.size(), one.params.size());
  std::vector<Array> constants;
  for (size_t i = 0; i < wanted.size(); ++i) {
    constants.emplace_back(DType::f32, wanted[i].dims);
    ASSERT_EQ(constants.back().elements(), static_cast<int64_t>(one.params[i].size()));
    std::copy(one.params[i].begin(), one.params[i].end(), constants.back().as<float>().begin());
  }
  std::vector<const float*> inputs;
  for (const std::vector<float>& input : one.inputs) inputs.push_back(input.data());
  std::vector<float> got(one.output.size(), std::nanf(""));
  ASSERT_EQ(end_element(task->outputs[0]), static_cast<int64_t>(got.size()));
  float* const outputs[] = {got.data()};
  const Status ran = run_reference(*task, inputs, constants, outputs);
  ASSERT_TRUE(ran) << ran.error().message;
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(std::abs(got[i] - one.output[i]) <= 2e-5 + 2e-5 * std::abs(one.output[i]))
        << "element " << i << " is " << got[i] << ", ONNX Runtime has " << one.output[i];
}

TEST(OnnxSemantics, ReferencesAgreeWithOnnxRuntime) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "tenfold_onnx_cases";
  std::filesystem::create_directories(folder);
  const std::vector<Case> cases = make_cases(folder);
  ASSERT_GT(cases.size(), 150u);
  for (const Case& one : cases) expect_same(one);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tenfold::dsl
