#include "graph/recognise_norms.h"

#include "graph/channel_affine.h"
#include "graph/edit.h"

namespace tenfold::graph {
namespace {

using Axes = int64_t;  // a bit for each dim, as of "reduce"

constexpr Axes channels_of_map = 0b10, pixels_of_map = 0b1100;

/// The dims that a node takes its input's mean over, with the rank kept; none where it does
/// something else.
std::optional<Axes> mean_axes(const Node& node) {
  if (node.op == "global_avg_pool") return pixels_of_map;
  if (node.op == "reduce" && node.attr_int("kind", 0) == 1) return node.attr_int("axes", 0);
  return std::nullopt;
}

/// x where `tensor` is x - mean(x) over `axes`; no_tensor otherwise.
TensorId centred(const Editor& editor, TensorId tensor, Axes axes) {
  const int id = editor.maker(tensor, "sub");
  if (id < 0) return no_tensor;
  const std::vector<TensorId>& inputs = editor.network().nodes[id].inputs;
  const int mean = editor.maker(inputs[1]);
  if (mean < 0) return no_tensor;
  const Node& node = editor.network().nodes[mean];
  return mean_axes(node) == axes && node.inputs[0] == inputs[0] ? inputs[0] : no_tensor;
}

/// y where `tensor` is y^2.
TensorId squared(const Editor& editor, TensorId tensor) {
  const int id = editor.maker(tensor);
  if (id < 0) return no_tensor;
  const Node& node = editor.network().nodes[id];
  const bool power = node.op == "pow" && node.attr_floats("values", {}) == std::vector<double>{2};
  const bool product = node.op == "mul" && node.inputs[0] == node.inputs[1];
  return power || product ? node.inputs[0] : no_tensor;
}

struct Normalised {
  TensorId x;
  Axes axes;
  double epsilon;
};

/// What `deviation` = sqrt(mean((x - mean(x))^2) + epsilon) is made of.
std::optional<Normalised> deviation_of(const Editor& editor, TensorId deviation) {
  const int root = editor.maker(deviation, "sqrt");
  if (root < 0) return std::nullopt;
  TensorId variance = editor.network().nodes[root].inputs[0];
  double epsilon = 0;
  if (const int id = editor.maker(variance, "affine"); id >= 0) {
    const Node& node = editor.network().nodes[id];
    const std::vector<double> values = node.attr_floats("values", {1, 0});
    if (values[0] != 1 || values[1] < 0) return std::nullopt;
    epsilon = values[1];
    variance = node.inputs[0];
  }
  const int mean = editor.maker(variance);
  if (mean < 0) return std::nullopt;
  const auto axes = mean_axes(editor.network().nodes[mean]);
  if (!axes) return std::nullopt;
  const TensorId difference = squared(editor, editor.network().nodes[mean].inputs[0]);
  if (difference == no_tensor) return std::nullopt;
  const TensorId x = centred(editor, difference, *axes);
  return x == no_tensor ? std::nullopt : std::optional(Normalised{x, *axes, epsilon});
}

std::optional<Normalised> normalised(const Editor& editor, const Node& node) {
  TensorId deviation = no_tensor;
  if (node.op == "div") deviation = node.inputs[1];
  if (node.op == "mul")
    if (const int id = editor.maker(node.inputs[1], "reciprocal"); id >= 0)
      deviation = editor.network().nodes[id].inputs[0];
  if (deviation == no_tensor) return std::nullopt;
  const auto found = deviation_of(editor, deviation);
  if (!found || centred(editor, node.inputs[0], found->axes) != found->x) return std::nullopt;
  return found;
}

/// Reshape {N, C, H, W} -> {N, G, ...}, instance_norm, reshape back, where G divides C: PyTorch
/// writes a group norm so.
struct Grouped {
  TensorId x;
  int back;  // the last reshape
};

std::optional<Grouped> grouped(const Editor& editor, int id) {
  const Node& norm = editor.network().nodes[id];
  if (norm.op != "instance_norm") return std::nullopt;
  const int from = editor.maker(norm.inputs[0], "reshape");
  const TensorId y = norm.outputs[0];
  if (from < 0 || !editor.only_use(y)) return std::nullopt;
  const int back = editor.users(y)[0];
  if (editor.network().nodes[back].op != "reshape") return std::nullopt;
  const TensorId x = editor.network().nodes[from].inputs[0];
  const Dims &dims = editor.dims(x), &groups = editor.dims(norm.inputs[0]);
  const bool fits = dims.size() == 4 && dims[0] == groups[0] && dims[1] % groups[1] == 0 &&
                    editor.dims(editor.network().nodes[back].outputs[0]) == dims;
  return fits ? std::optional(Grouped{x, back}) : std::nullopt;
}

// Elements that all norms of a model normalise along: a scale of one number is spread over them.
constexpr int64_t most_spread = int64_t{1} << 24;

class Rewriter {
 public:
  Rewriter(Editor& editor, int id, const Normalised& norm)
      : editor_(editor), id_(id), norm_(norm), dims_(editor.dims(norm.x)) {}

  /// Of the reshape behind a group norm that is an instance_norm of groups.
  void run_grouped(const Node& norm, int64_t& spread_left) {
    const std::vector<double> scale = constant_values(editor_.tensor(norm.inputs[1])),
                              shift = constant_values(editor_.tensor(norm.inputs[2]));
    const int64_t count = dims_[1], groups = static_cast<int64_t>(scale.size());
    if (count > spread_left) return;
    spread_left -= count;
    total_ = {{}, {}};
    for (int64_t c = 0; c < count; ++c) {
      total_.scale.push_back(scale[c / (count / groups)]);
      total_.shift.push_back(shift[c / (count / groups)]);
    }
    const TensorId result = take_affines(false, count);
    const std::string name = norm.name;
    Attrs attrs{{"epsilon", norm_.epsilon}};
    if (groups < count) attrs["groups"] = groups;
    put(groups < count ? "group_norm" : "instance_norm",
        {norm_.x, constant(name + "/scale", total_.scale, count),
         constant(name + "/shift", total_.shift, count)},
        result, std::move(attrs));
  }

  /// `spread_left`: elements that constants may yet be spread over.
  void run(int64_t& spread_left) {
    const auto rank = static_cast<int64_t>(dims_.size());
    const bool map = rank == 4, pixels = map && norm_.axes == pixels_of_map,
               channels = map && norm_.axes == channels_of_map,
               last = norm_.axes == Axes{1} << (rank - 1);
    if (!pixels && !channels && !last) return;
    const int64_t count = last ? dims_.back() : dims_[1];
    if (count > spread_left) return;
    spread_left -= count;
    TensorId result = take_affines(last, count);
    const std::string name = editor_.node(id_).name;
    std::vector<TensorId> inputs{norm_.x, constant(name + "/scale", total_.scale, count),
                                 constant(name + "/shift", total_.shift, count)};
    if (pixels) {
      put("instance_norm", std::move(inputs), result, {{"epsilon", norm_.epsilon}});
      return;
    }
    Dims lines = dims_;
    if (channels) {
      lines = {dims_[0], dims_[2], dims_[3], dims_[1]};
      inputs[0] = add("transpose", inputs[0], lines, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
    }
    const int64_t rows = *volume(lines) / count;
    inputs[0] = add("reshape", inputs[0], {rows, count});
    const TensorId flat = computed({rows, count});
    put("layer_norm", std::move(inputs), flat, {{"epsilon", norm_.epsilon}, {"axis", int64_t{1}}});
    if (!channels) {
      put("reshape", {flat}, result);
      return;
    }
    put("transpose", {add("reshape", flat, lines)}, result,
        {{"perm", std::vector<int64_t>{0, 3, 1, 2}}});
  }

 private:
  using Attrs = std::map<std::string, AttrValue>;

  /// Follows the constant factors and summands behind the division, and returns the tensor behind
  /// the last of them.
  TensorId take_affines(bool last, int64_t count) {
    int id = id_;
    while (true) {
      const TensorId y = editor_.node(id).outputs[0];
      if (!editor_.only_use(y)) break;
      const int user = editor_.users(y)[0];
      const auto affine = last && dims_.size() == 4 ? last_dim_affine(editor_, editor_.node(user))
                                                    : affine_of(editor_, editor_.node(user));
      if (!affine || editor_.node(user).inputs[0] != y) break;
      if (const size_t size = affine->scale.size();
          size != 1 && static_cast<int64_t>(size) != count)
        break;
      total_ = compose(*affine, total_);
      id = user;
    }
    const TensorId result = editor_.node(id).outputs[0];
    editor_.set_output(id, computed(editor_.dims(result)));  // what made it is dead now
    return result;
  }

  TensorId constant(const std::string& name, std::vector<double> values, int64_t count) {
    values.resize(count, values[0]);
    return editor_.add_constant(name, float_array({count}, values));
  }
  TensorId computed(Dims dims) {
    const std::string name =
        editor_.node(id_).name + "/norm" + std::to_string(editor_.network().tensors.size());
    return editor_.add_computed(name, std::move(dims));
  }
  void put(const char* op, std::vector<TensorId> inputs, TensorId output, Attrs attrs = {}) {
    editor_.insert(id_,
                   {op, editor_.node(id_).name, std::move(attrs), std::move(inputs), {output}});
  }
  TensorId add(const char* op, TensorId input, Dims dims, Attrs attrs = {}) {
    const TensorId output = computed(std::move(dims));
    put(op, {input}, output, std::move(attrs));
    return output;
  }

  Editor& editor_;
  const int id_;  // the division
  const Normalised norm_;
  const Dims dims_;
  ChannelAffine total_{{1}, {0}};
};

}  // namespace

Status recognise_norms(Network& network) {
  Editor editor(network);
  const int count = editor.node_count();
  int64_t spread_left = most_spread;
  for (int id = 0; id < count; ++id) {
    if (editor.node(id).op.empty()) continue;
    if (const auto norm = normalised(editor, editor.node(id)))
      Rewriter(editor, id, *norm).run(spread_left);
    if (const auto groups = grouped(editor, id)) {
      const Node norm = editor.node(id);
      Rewriter(editor, groups->back, {groups->x, 0, norm.attr_float("epsilon", 1e-5)})
          .run_grouped(norm, spread_left);
    }
  }
  return editor.commit();
}

}  // namespace tenfold::graph
