// The table of operators is in order, whole, and what docs/onnx.md says.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

std::set<std::string> words_after(const std::string& text, const std::string& title) {
  const size_t from = text.find(title) + title.size();
  const std::string part = text.substr(from, text.find("\n\n", from) - from);
  static const std::regex word("[A-Za-z0-9]+");
  std::set<std::string> words;
  for (std::sregex_iterator at(part.begin(), part.end(), word), end; at != end; ++at)
    words.insert(at->str());
  return words;
}

TEST(OnnxTable, IsWhatTheDocumentSays) {
  std::ifstream file(TENFOLD_SOURCE_DIR "/docs/onnx.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::set<std::string> computed = words_after(text, "**Computed on any feature map:**");
  const std::set<std::string> folded = words_after(text, "not computed:**");
  size_t count = 0;
  for (const OnnxOp& op : onnx_ops()) {
    EXPECT_TRUE((op.lower ? computed : folded).contains(op.name)) << op.name;
    EXPECT_TRUE(op.lower || op.fold) << op.name;
    count += op.lower != nullptr;
  }
  EXPECT_EQ(computed.size(), count);
}

TEST(OnnxTable, FindsEveryRow) {
  for (const OnnxOp& op : onnx_ops()) EXPECT_EQ(find_onnx_op(op.name), &op);
  EXPECT_EQ(find_onnx_op("Einsum"), nullptr);
}

}  // namespace
}  // namespace tenfold::graph
