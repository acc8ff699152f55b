#include "graph/evaluate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "graph/convert.h"
#include "graph/edit.h"
#include "graph/evaluate_ops.h"
#include "graph/onnx_op.h"

namespace tenfold::graph {
namespace {

constexpr double most_elements = 1 << 26;  // of a node's output

/// Walks an index space in row-major order: f(position, index).
template <class F>
void for_each(const Dims& dims, F&& f) {
  std::vector<int64_t> index(dims.size(), 0);
  const int64_t count = product(dims, 0, dims.size());
  for (int64_t i = 0; i < count; ++i) {
    f(i, index);
    for (size_t d = dims.size(); d-- > 0;) {
      if (++index[d] < dims[d]) break;
      index[d] = 0;
    }
  }
}

int64_t position(const Dims& dims, const std::vector<int64_t>& index) {
  int64_t at = 0;
  for (size_t d = 0; d < dims.size(); ++d) at = at * dims[d] + (dims[d] == 1 ? 0 : index[d]);
  return at;
}

void matmul(const Value& a, const Value& b, Value& out) {
  const size_t rank = out.dims.size();
  const int64_t depth = a.dims.back();
  for_each(out.dims, [&](int64_t i, const std::vector<int64_t>& index) {
    std::vector<int64_t> left = index, right = index;
    for (int64_t k = 0; k < depth; ++k) {
      left[rank - 1] = right[rank - 2] = k;
      out.data[i] += a.data[position(a.dims, left)] * b.data[position(b.dims, right)];
    }
  });
}

void gemm(std::span<const Value> in, Value& out) {
  const int64_t m = out.dims[0], n = out.dims[1], depth = in[0].dims[1];
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = in.size() > 2 ? in[2].data[j] : 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += in[0].data[i * depth + k] * in[1].data[j * depth + k];
      out.data[i * n + j] = sum;
    }
}

/// The place of the largest (kind 8) or smallest (9) element along one dim.
void find_places(const Node& node, const Value& x, Value& out) {
  const auto axis =
      static_cast<size_t>(std::countr_zero(static_cast<uint64_t>(node.attr_int("axes", 1))));
  const double sign = node.attr_int("kind", 0) == 8 ? 1 : -1;
  std::vector<double> best(out.data.size(), 0);
  for_each(x.dims, [&](int64_t i, const std::vector<int64_t>& index) {
    const int64_t at = position(out.dims, index);
    const double value = sign * x.data[i];
    const bool better = value > best[at] || (value == best[at] && node.attr_int("last", 0) != 0);
    if (index[axis] > 0 && !better) return;
    best[at] = value;
    out.data[at] = static_cast<double>(index[axis]);
  });
}

/// Groups input elements by the output element that they are reduced to.
void reduce(const Node& node, const Value& x, Value& out) {
  const int64_t kind = node.attr_int("kind", 0);
  if (kind >= 8) return find_places(node, x, out);
  std::vector<int64_t> count(out.data.size(), 0);
  for_each(x.dims, [&](int64_t i, const std::vector<int64_t>& index) {
    double& to = out.data[position(out.dims, index)];
    const bool first = count[position(out.dims, index)]++ == 0;
    const double v = x.data[i];
    switch (kind) {
      case 2:
        to = first ? v : std::max(to, v);
        break;
      case 3:
        to = first ? v : std::min(to, v);
        break;
      case 4:
        to = first ? v : to * v;
        break;
      case 5:
        to += std::abs(v);
        break;
      case 6:
      case 7:
        to += v * v;
        break;
      default:
        to += v;
    }
  });
  for (size_t i = 0; i < out.data.size(); ++i) {
    if (kind == 1) out.data[i] /= static_cast<double>(count[i]);
    if (kind == 6) out.data[i] = std::sqrt(out.data[i]);
  }
}

void softmax(const Node& node, const Value& x, Value& out) {
  const int64_t axis = node.attr_int("axis", 0), extent = x.dims[axis];
  const int64_t inner = product(x.dims, axis + 1, x.dims.size()), outer = product(x.dims, 0, axis);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      const auto at = [&](int64_t k) { return (o * extent + k) * inner + i; };
      double most = x.data[at(0)], sum = 0;
      for (int64_t k = 1; k < extent; ++k) most = std::max(most, x.data[at(k)]);
      for (int64_t k = 0; k < extent; ++k) sum += std::exp(x.data[at(k)] - most);
      for (int64_t k = 0; k < extent; ++k)
        out.data[at(k)] = node.attr_int("log", 0) ? x.data[at(k)] - most - std::log(sum)
                                                  : std::exp(x.data[at(k)] - most) / sum;
    }
}

/// Normalises runs of `inner` elements; an element's scale and shift come from `channel(run,
/// element)`.
template <class F>
void normalise(const Node& node, std::span<const Value> in, int64_t inner, F&& channel,
               Value& out) {
  const double epsilon = node.attr_float("epsilon", 1e-5);
  for (int64_t run = 0; run * inner < static_cast<int64_t>(out.data.size()); ++run) {
    const double* x = in[0].data.data() + run * inner;
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < inner; ++i) mean += x[i] / static_cast<double>(inner);
    for (int64_t i = 0; i < inner; ++i)
      variance += (x[i] - mean) * (x[i] - mean) / static_cast<double>(inner);
    for (int64_t i = 0; i < inner; ++i)
      out.data[run * inner + i] =
          (x[i] - mean) / std::sqrt(variance + epsilon) * in[1].data[channel(run, i)] +
          in[2].data[channel(run, i)];
  }
}

void group_norm(const Node& node, std::span<const Value> in, Value& out) {
  const int64_t groups = node.attr_int("groups", 1), pixels = in[0].dims[2] * in[0].dims[3],
                together = in[0].dims[1] / groups;
  normalise(
      node, in, together * pixels,
      [&](int64_t run, int64_t i) { return run % groups * together + i / pixels; }, out);
}

void transpose(const Node& node, const Value& x, Value& out) {
  const std::vector<int64_t> perm = node.attr_ints("perm", {});
  for_each(out.dims, [&](int64_t i, const std::vector<int64_t>& index) {
    std::vector<int64_t> from(index.size());
    for (size_t d = 0; d < index.size(); ++d) from[perm[d]] = index[d];
    out.data[i] = x.data[position(x.dims, from)];
  });
}

void pad(const Node& node, const Value& x, Value& out) {
  const int64_t mode = node.attr_int("mode", 0);
  std::vector<int64_t> begins;
  for (size_t d = 0; d < out.dims.size(); ++d)
    begins.push_back(node.attr_int("begin" + std::to_string(d), 0));
  const double value = node.attr_float("value", 0);
  for_each(out.dims, [&](int64_t i, const std::vector<int64_t>& index) {
    int64_t at = 0;
    bool inside = true;
    for (size_t d = 0; d < index.size(); ++d) {
      int64_t from = index[d] - begins[d];
      const int64_t last = x.dims[d] - 1;
      inside = inside && from >= 0 && from <= last;
      if (mode == 1) from = from < 0 ? -from : from > last ? 2 * last - from : from;
      at = at * x.dims[d] + std::clamp<int64_t>(from, 0, last);
    }
    out.data[i] = inside || mode != 0 ? x.data[at] : value;
  });
}

void slice(const Node& node, const Value& x, Value& out) {
  const std::vector<int64_t> starts = node.attr_ints("starts", {}),
                             steps = node.attr_ints("steps", {});
  for_each(out.dims, [&](int64_t i, const std::vector<int64_t>& index) {
    int64_t at = 0;
    for (size_t d = 0; d < index.size(); ++d) at = at * x.dims[d] + starts[d] + index[d] * steps[d];
    out.data[i] = x.data[at];
  });
}

void concat(const Node& node, std::span<const Value> in, Value& out) {
  const int64_t axis = node.attr_int("axis", 0), outer = product(out.dims, 0, axis);
  auto to = out.data.begin();
  for (int64_t o = 0; o < outer; ++o)
    for (const Value& x : in) {
      const int64_t run = product(x.dims, axis, x.dims.size());
      to = std::copy_n(x.data.begin() + o * run, run, to);
    }
}

void shuffle(const Node& node, const Value& x,
             Value& out) {  // out channel i*groups + g is in channel g*(C/groups) + i
  const int64_t groups = node.attr_int("groups", 1), channels = x.dims[1],
                pixels = product(x.dims, 2, x.dims.size());
  for (int64_t n = 0; n < x.dims[0]; ++n)
    for (int64_t c = 0; c < channels; ++c)
      std::copy_n(
          x.data.begin() + (n * channels + c % groups * (channels / groups) + c / groups) * pixels,
          pixels, out.data.begin() + (n * channels + c) * pixels);
}

void gather(const Node& node, const Value& x, const Value& indices, Value& out) {
  const int64_t axis = node.attr_int("axis", 0);
  for_each(out.dims, [&](int64_t i, std::vector<int64_t> index) {
    index[axis] = static_cast<int64_t>(indices.data[index[axis]]);
    out.data[i] = x.data[position(x.dims, index)];
  });
}

void global_pool(const Node& node, const Value& x, Value& out) {
  const int64_t pixels = x.dims[2] * x.dims[3];
  for (size_t i = 0; i < out.data.size(); ++i) {
    const auto from = x.data.begin() + static_cast<int64_t>(i) * pixels;
    if (node.op == "global_max_pool") {
      out.data[i] = *std::max_element(from, from + pixels);
    } else {
      for (int64_t p = 0; p < pixels; ++p) out.data[i] += from[p] / static_cast<double>(pixels);
    }
  }
}

}  // namespace

Value evaluate_node(const Network& network, const Node& node, std::span<const Value> in) {
  Value out{network.tensors[node.outputs[0]].dims, {}};
  out.data.resize(product(out.dims, 0, out.dims.size()), 0.0);
  const Value& x = in[0];
  const std::string& op = node.op;
  if (op == "conv2d")
    evaluate_conv(node, in, out);
  else if (op == "conv_transpose2d")
    evaluate_conv_transpose(node, in, out);
  else if (op == "deform_conv2d")
    evaluate_deform_conv(node, in, !network.tensors[node.inputs[2]].constant, out);
  else if (op == "gemm")
    gemm(in, out);
  else if (op == "matmul")
    matmul(x, in[1], out);
  else if (op == "max_pool2d" || op == "avg_pool2d" || op == "lp_pool2d")
    evaluate_pool(node, x, out);
  else if (op == "global_avg_pool" || op == "global_max_pool")
    global_pool(node, x, out);
  else if (op == "reduce")
    reduce(node, x, out);
  else if (op == "softmax")
    softmax(node, x, out);
  else if (op == "resize2d")
    evaluate_resize(node, x, out);
  else if (op == "lrn")
    evaluate_lrn(node, x, out);
  else if (op == "layer_norm")
    normalise(
        node, in, x.dims.back(), [](int64_t, int64_t i) { return i; }, out);
  else if (op == "instance_norm")
    normalise(
        node, in, x.dims[2] * x.dims[3], [&](int64_t run, int64_t) { return run % x.dims[1]; },
        out);
  else if (op == "group_norm")
    group_norm(node, in, out);
  else if (op == "transpose")
    transpose(node, x, out);
  else if (op == "pad")
    pad(node, x, out);
  else if (op == "slice")
    slice(node, x, out);
  else if (op == "concat")
    concat(node, in, out);
  else if (op == "reshape")
    out.data = x.data;
  else if (op == "channel_shuffle" || op == "gather_channels")
    shuffle(node, x, out);
  else if (op == "gather")
    gather(node, x, in[1], out);
  else if (op == "map")
    for_each(out.dims, [&](int64_t i, const std::vector<int64_t>& index) {
      out.data[i] = x.data[position(x.dims, index)];
    });
  else {
    const bool known = evaluate_stage(node, in, out);
    assert(known);
    static_cast<void>(known);
  }
  return out;
}

double evaluation_steps(const Network& network, const Node& node) {
  const auto elements = [&network](TensorId id) {
    double count = 1;
    for (int64_t extent : network.tensors[id].dims) count *= static_cast<double>(extent);
    return count;
  };
  const double made = elements(node.outputs[0]);
  if (made > most_elements) return std::numeric_limits<double>::infinity();
  double read = 0, all = made;
  for (TensorId id : node.inputs) {
    read += elements(id);
    all *= std::max(1.0, elements(id));
  }
  const auto dims = [&](size_t i) -> const Dims& { return network.tensors[node.inputs[i]].dims; };
  double steps = made;
  if (node.op == "conv2d")
    steps *= elements(node.inputs[1]) / static_cast<double>(dims(1)[0]);
  else if (node.op == "gemm" || node.op == "matmul")
    steps *= static_cast<double>(dims(0).back());
  else if (node.op.ends_with("_pool2d"))
    steps *= static_cast<double>(node.attr_int("kernel_h", 1)) *
             static_cast<double>(node.attr_int("kernel_w", 1));
  else if (node.op.ends_with("2d") || node.op == "lrn")
    steps = all;
  else
    steps *= static_cast<double>(std::max<size_t>(1, dims(0).size()));  // of each index
  return steps + read;
}

Result<std::vector<Array>> evaluate(const Network& network, const std::vector<Array>& inputs) {
  std::vector<Value> values(network.tensors.size());
  std::vector<int> uses(network.tensors.size(), 0);
  if (inputs.size() != network.inputs.size())
    return Error{ErrorCode::invalid_shape, network.file + ": wrong number of inputs"};
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& tensor = network.tensors[network.inputs[i]];
    if (inputs[i].type() != DType::f32 || inputs[i].dims() != tensor.dims)
      return Error{ErrorCode::invalid_shape, network.file + ": input '" + tensor.name +
                                                 "' is not of shape " + to_string(tensor.dims)};
    values[network.inputs[i]] = {tensor.dims, to_doubles(inputs[i])};
  }
  for (const Node& node : network.nodes)
    for (TensorId id : node.inputs) ++uses[id];
  for (TensorId id : network.outputs) ++uses[id];
  for (const Node& node : network.nodes) {
    std::vector<Value> in;
    for (TensorId id : node.inputs) {
      const Tensor& tensor = network.tensors[id];
      in.push_back(tensor.constant ? Value{tensor.dims, constant_values(tensor)} : values[id]);
      if (--uses[id] == 0) values[id] = {};
    }
    values[node.outputs[0]] = evaluate_node(network, node, in);
  }
  std::vector<Array> outputs;
  for (TensorId id : network.outputs) {
    const Tensor& tensor = network.tensors[id];
    outputs.push_back(
        float_array(tensor.dims, tensor.constant ? constant_values(tensor) : values[id].data));
  }
  return outputs;
}

}  // namespace tenfold::graph
