#include "graph/channel_affine.h"

#include <algorithm>
#include <cmath>

namespace tenfold::graph {
namespace {

bool all(const std::vector<double>& values, double wanted, double tolerance) {
  return std::ranges::all_of(values, [&](double v) { return std::abs(v - wanted) <= tolerance; });
}

}  // namespace

bool ChannelAffine::is_identity() const {
  return all(scale, 1, 6e-8) && is_scaling();
}
bool ChannelAffine::is_scaling() const {
  return all(shift, 0, 0);
}

std::optional<ChannelAffine> affine_of(const Editor& editor, const Node& node) {
  const auto values = [&](size_t i) { return constant_values(editor.tensor(node.inputs[i])); };
  if (node.op == "neg") return ChannelAffine{{-1}, {0}};
  if (node.op == "affine") {
    const std::vector<double> v = node.attr_floats("values", {1, 0});
    return ChannelAffine{{v[0]}, {v[1]}};
  }
  if (node.op == "scale_shift") return ChannelAffine{values(1), values(2)};
  if (node.op != "bias" && node.op != "scale") return std::nullopt;
  std::vector<double> c = values(1);
  const size_t count = c.size();
  if (node.op == "bias") return ChannelAffine{std::vector<double>(count, 1), std::move(c)};
  return ChannelAffine{std::move(c), std::vector<double>(count, 0)};
}

std::optional<ChannelAffine> last_dim_affine(const Editor& editor, const Node& node) {
  if (node.inputs.size() != 2) return std::nullopt;
  const Dims& dims = editor.dims(node.inputs[0]);
  const Tensor& constant = editor.tensor(node.inputs[1]);
  if (!constant.constant || dims.size() != 4 || constant.dims != Dims{1, 1, 1, dims[3]})
    return std::nullopt;
  std::vector<double> c = constant_values(constant);
  const std::vector<double> ones(c.size(), 1), zeros(c.size(), 0);
  if (node.op == "add") return ChannelAffine{ones, c};
  if (node.op == "mul") return ChannelAffine{c, zeros};
  if (node.op == "rsub") return ChannelAffine{std::vector<double>(c.size(), -1), c};
  if (node.op == "sub" || node.op == "div") {
    for (double& value : c) value = node.op == "sub" ? -value : 1 / value;
    return node.op == "sub" ? ChannelAffine{ones, c} : ChannelAffine{c, zeros};
  }
  return std::nullopt;
}

ChannelAffine compose(const ChannelAffine& second, const ChannelAffine& first) {
  ChannelAffine both;
  for (size_t c = 0; c < std::max(first.scale.size(), second.scale.size()); ++c) {
    const auto at = static_cast<int64_t>(c);
    both.scale.push_back(second.scale_at(at) * first.scale_at(at));
    both.shift.push_back(second.scale_at(at) * first.shift_at(at) + second.shift_at(at));
  }
  return both;
}

void set_affine(Editor& editor, int id, TensorId x, const ChannelAffine& affine) {
  const auto uniform = [](const std::vector<double>& v) {
    return std::ranges::all_of(v, [&](double value) { return value == v[0]; });
  };
  const auto constant = [&](const std::vector<double>& v) {
    return editor.add_constant(
        editor.node(id).name + "/channels" + std::to_string(editor.network().tensors.size()),
        float_array({static_cast<int64_t>(v.size())}, v));
  };
  std::vector<TensorId> inputs{x};
  editor.node(id).attrs.clear();
  if (uniform(affine.scale) && uniform(affine.shift)) {
    editor.node(id).op = "affine";
    editor.node(id).attrs["values"] = std::vector<double>{affine.scale[0], affine.shift[0]};
  } else {
    const bool scales = !all(affine.scale, 1, 0), shifts = !affine.is_scaling();
    editor.node(id).op = scales && shifts ? "scale_shift" : scales ? "scale" : "bias";
    if (scales) inputs.push_back(constant(affine.scale));
    if (shifts) inputs.push_back(constant(affine.shift));
  }
  editor.set_inputs(id, std::move(inputs));
}

size_t channel_dim(const Dims& dims) {
  return dims.size() == 4 ? 1 : dims.size() - 1;
}

}  // namespace tenfold::graph
