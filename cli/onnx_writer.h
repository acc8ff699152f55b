// Writes small ONNX models: nodes in order, constants where they are used. Opset 21.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/types.h"

namespace tenfold::cli {

class OnnxWriter {
 public:
  using Value = std::variant<int64_t, double, std::string, std::vector<int64_t>>;
  using Attributes = std::vector<std::pair<std::string, Value>>;

  OnnxWriter();
  ~OnnxWriter();

  /// Each returns the tensor's name. Inputs are x0, x1, ..., float32.
  std::string input(const Dims& dims);
  std::string constant(const Dims& dims, std::span<const float> values);
  std::string scalar(double value);
  std::string integers(const std::vector<int64_t>& values);
  std::string node(const std::string& op, const std::vector<std::string>& inputs,
                   const Attributes& attributes = {});

  /// The model's bytes, with one output named y, of `dims`, which is this tensor.
  std::string finish(const std::string& tensor, const Dims& dims);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenfold::cli
