// Small networks by hand, in the vocabulary that the passes leave: what planning is tested on
// without a model file.
#pragma once
#include <initializer_list>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "graph/network.h"

namespace tenfold::graph {

/// A convolution's square window.
struct ConvSpec {
  int64_t kernel = 1, stride = 1, dilation = 1, pad = 0, groups = 1;
  bool bias = true;
};

class NetworkBuilder {
 public:
  using Attrs = std::map<std::string, AttrValue>;

  explicit NetworkBuilder(unsigned seed = 1) : random_(seed) { network_.file = "hand-made"; }

  TensorId input(Dims dims) {
    network_.inputs.push_back(
        tensor("input" + std::to_string(network_.inputs.size()), std::move(dims)));
    return network_.inputs.back();
  }

  /// Small integers, so that sums are exact.
  TensorId constant(Dims dims) {
    Array values(DType::f32, dims);
    for (float& value : values.as<float>())
      value = static_cast<float>(static_cast<int>(random_() % 5) - 2);
    const TensorId id = tensor("constant", std::move(dims));
    network_.tensors[id].constant = std::make_shared<const Array>(std::move(values));
    return id;
  }

  TensorId node(const std::string& op, std::vector<TensorId> inputs, Dims dims, Attrs attrs = {}) {
    const std::string name = op + std::to_string(network_.nodes.size());
    const TensorId output = tensor(name, std::move(dims));
    network_.nodes.push_back({op, name, std::move(attrs), std::move(inputs), {output}});
    return output;
  }

  const Dims& dims(TensorId id) const { return network_.tensors[id].dims; }

  TensorId conv(TensorId x, int64_t channels, ConvSpec conv = {}) {
    const Dims in = dims(x);
    const int64_t reach = conv.dilation * (conv.kernel - 1) + 1;
    const auto extent = [&](int64_t size) {
      return (size + 2 * conv.pad - reach) / conv.stride + 1;
    };
    std::vector<TensorId> inputs{
        x, constant({channels, in[1] / conv.groups, conv.kernel, conv.kernel})};
    if (conv.bias) inputs.push_back(constant({channels}));
    return node("conv2d", inputs, {in[0], channels, extent(in[2]), extent(in[3])},
                window(conv.kernel, conv.stride, conv.dilation, conv.pad, conv.groups));
  }

  TensorId pool(const std::string& op, TensorId x, int64_t kernel, int64_t stride, int64_t pad) {
    const Dims in = dims(x);
    const auto extent = [&](int64_t size) { return (size + 2 * pad - kernel) / stride + 1; };
    return node(op, {x}, {in[0], in[1], extent(in[2]), extent(in[3])},
                window(kernel, stride, 1, pad, 1));
  }

  TensorId global_pool(TensorId x) {
    return node("global_avg_pool", {x}, {dims(x)[0], dims(x)[1], 1, 1});
  }

  TensorId stage(const std::string& op, std::vector<TensorId> inputs,
                 std::vector<double> values = {}) {
    const Dims out = dims(inputs[0]);
    return node(op, std::move(inputs), out, values.empty() ? Attrs{} : Attrs{{"values", values}});
  }
  TensorId relu(TensorId x) { return stage("relu", {x}); }

  TensorId concat(std::vector<TensorId> inputs, int64_t axis = 1) {
    Dims out = dims(inputs[0]);
    for (size_t i = 1; i < inputs.size(); ++i) out[axis] += dims(inputs[i])[axis];
    return node("concat", std::move(inputs), out, {{"axis", axis}});
  }

  TensorId slice(TensorId x, Dims starts, Dims extents, Dims steps = {}) {
    if (steps.empty()) steps.assign(extents.size(), 1);
    return node("slice", {x}, std::move(extents), {{"starts", starts}, {"steps", steps}});
  }

  TensorId reshape(TensorId x, Dims to) { return node("reshape", {x}, std::move(to)); }

  TensorId transpose(TensorId x, std::vector<int64_t> perm) {
    Dims to;
    for (int64_t from : perm) to.push_back(dims(x)[from]);
    return node("transpose", {x}, to, {{"perm", perm}});
  }

  TensorId gemm(TensorId x, int64_t columns) {
    const Dims in = dims(x);
    return node("gemm", {x, constant({columns, in[1]}), constant({columns})}, {in[0], columns});
  }

  void output(TensorId id) { network_.outputs.push_back(id); }

  Network finish() { return network_; }

  /// Small integers for each input.
  std::vector<Array> inputs() {
    std::vector<Array> made;
    for (TensorId id : network_.inputs) {
      Array values(DType::f32, dims(id));
      for (float& value : values.as<float>())
        value = static_cast<float>(static_cast<int>(random_() % 7) - 3);
      made.push_back(std::move(values));
    }
    return made;
  }

 private:
  static Attrs window(int64_t kernel, int64_t stride, int64_t dilation, int64_t pad,
                      int64_t groups) {
    return {{"kernel_h", kernel}, {"kernel_w", kernel},     {"stride_h", stride},
            {"stride_w", stride}, {"dilation_h", dilation}, {"dilation_w", dilation},
            {"pad_top", pad},     {"pad_left", pad},        {"pad_bottom", pad},
            {"pad_right", pad},   {"groups", groups}};
  }

  TensorId tensor(const std::string& name, Dims dims) {
    return network_.add_tensor({name, DType::f32, std::move(dims), true, nullptr});
  }

  Network network_;
  std::mt19937 random_;
};

}  // namespace tenfold::graph
