#include "graph/recognise_activations.h"

#include <array>
#include <cmath>

#include "graph/channel_affine.h"
#include "graph/edit.h"

namespace tenfold::graph {
namespace {

bool near(double value, double wanted) {
  return std::abs(value - wanted) <= 3e-6 * std::max(std::abs(wanted), 1e-3);
}

/// a * source + b.
struct Linear {
  TensorId source = no_tensor;
  double a = 1, b = 0;
};

/// Walks back over affines with one factor and one shift, until `stop` or something else.
Linear linear_of(const Editor& editor, TensorId tensor, TensorId stop = no_tensor) {
  constexpr int farthest = 16;
  Linear linear{tensor, 1, 0};
  for (int steps = 0; linear.source != stop && steps < farthest; ++steps) {
    const int made = editor.maker(linear.source);
    if (made < 0) break;
    const auto affine = affine_of(editor, editor.network().nodes[made]);
    if (!affine || affine->scale.size() != 1) break;
    linear.b += linear.a * affine->shift[0];
    linear.a *= affine->scale[0];
    linear.source = editor.network().nodes[made].inputs[0];
  }
  return linear;
}

const Node* maker(const Editor& editor, TensorId tensor) {
  const int made = editor.maker(tensor);
  return made < 0 ? nullptr : &editor.network().nodes[made];
}

using Cubic = std::array<double, 4>;

/// The tensor as a polynomial in x of degree 3 at most.
std::optional<Cubic> polynomial(const Editor& editor, TensorId tensor, TensorId x, int depth = 0) {
  constexpr int deepest = 8;
  if (tensor == x) return Cubic{0, 1, 0, 0};
  const Node* node = maker(editor, tensor);
  if (!node || depth > deepest) return std::nullopt;
  const auto multiply = [](const Cubic& p, const Cubic& q) -> std::optional<Cubic> {
    Cubic product{};
    for (size_t i = 0; i < 4; ++i)
      for (size_t j = 0; j < 4; ++j) {
        if (p[i] * q[j] == 0) continue;
        if (i + j > 3) return std::nullopt;
        product[i + j] += p[i] * q[j];
      }
    return product;
  };
  std::optional<Cubic> p = polynomial(editor, node->inputs[0], x, depth + 1);
  if (!p) return std::nullopt;
  if (const auto affine = affine_of(editor, *node); affine && affine->scale.size() == 1) {
    for (double& c : *p) c *= affine->scale[0];
    (*p)[0] += affine->shift[0];
    return p;
  }
  if (node->op == "pow") {
    const double exponent = node->attr_floats("values", {0})[0];
    if (exponent != 2 && exponent != 3) return std::nullopt;
    const std::optional<Cubic> square = multiply(*p, *p);
    return square && exponent == 3 ? multiply(*square, *p) : square;
  }
  if (node->op != "add" && node->op != "mul") return std::nullopt;
  const std::optional<Cubic> q = polynomial(editor, node->inputs[1], x, depth + 1);
  if (!q) return std::nullopt;
  if (node->op == "mul") return multiply(*p, *q);
  for (size_t i = 0; i < 4; ++i) (*p)[i] += (*q)[i];
  return p;
}

/// factor * max(0, min(1, alpha*x + beta)) + offset.
struct HardSigmoid {
  TensorId x;
  double alpha, beta, factor, offset;
};

std::optional<HardSigmoid> hard_sigmoid_of(const Editor& editor, const Linear& outer,
                                           TensorId stop) {
  const Node* gate = maker(editor, outer.source);
  if (!gate || (gate->op != "clip" && gate->op != "hard_sigmoid")) return std::nullopt;
  const Linear inner = linear_of(editor, gate->inputs[0], stop);
  const std::vector<double> v = gate->attr_floats("values", {0, 1});
  if (gate->op == "hard_sigmoid")
    return HardSigmoid{inner.source, v[0] * inner.a, v[0] * inner.b + v[1], outer.a, outer.b};
  const double range = v[1] - v[0];
  if (!(range > 0 && range < 1e6)) return std::nullopt;
  return HardSigmoid{inner.source, inner.a / range, (inner.b - v[0]) / range, outer.a * range,
                     outer.b + outer.a * v[0]};
}

/// An activation of `x` times `factor`; x is first multiplied by `inside`, the result divided by
/// it.
struct Match {
  const char* kind = nullptr;
  double factor = 1, inside = 1;
};

bool is_zero(double offset, double factor) {
  return std::abs(offset) <= 3e-6 * std::abs(factor);
}

Match match_gate(const Editor& editor, TensorId x, TensorId gate) {
  const Linear outer = linear_of(editor, gate);
  const Node* node = maker(editor, outer.source);
  if (!node || outer.source == x) return {};
  if (const auto hard = hard_sigmoid_of(editor, outer, x);
      hard && hard->x == x && near(hard->alpha, 1.0 / 6) && near(hard->beta, 0.5) &&
      is_zero(hard->offset, hard->factor))
    return {"hard_swish", hard->factor, 1};
  const bool plain = is_zero(outer.b, outer.a), half = near(outer.a, outer.b) && outer.a != 0;
  const Linear inner = linear_of(editor, node->inputs[0], x);
  const bool of_x = inner.source == x && is_zero(inner.b, inner.a) && inner.a != 0;
  if (node->op == "sigmoid" && plain && of_x) return {"silu", outer.a, inner.a};
  if (node->op == "erf" && half && of_x && near(inner.a, M_SQRT1_2))
    return {"gelu", 2 * outer.a, 1};
  if (node->op != "tanh") return {};
  if (const Node* soft = maker(editor, node->inputs[0]);
      plain && soft && soft->op == "softplus" && soft->inputs[0] == x)
    return {"mish", outer.a, 1};
  const double k = std::sqrt(2 / M_PI);
  if (const auto p = polynomial(editor, node->inputs[0], x);
      half && p && (*p)[0] == 0 && (*p)[2] == 0 && near((*p)[1], k) && near((*p)[3], k * 0.044715))
    return {"gelu_tanh", 2 * outer.a, 1};
  return {};
}

void set_function(Editor& editor, int id, TensorId x, const std::string& op,
                  std::vector<double> values = {}) {
  editor.node(id).op = op;
  editor.node(id).attrs.clear();
  if (!values.empty()) editor.node(id).attrs["values"] = std::move(values);
  editor.set_inputs(id, {x});
}

TensorId add_function(Editor& editor, int near_id, TensorId x, const std::string& op,
                      std::vector<double> values = {}) {
  Node node{op, editor.node(near_id).name, {}, {x}, {}};
  if (!values.empty()) node.attrs["values"] = std::move(values);
  const TensorId made =
      editor.add_computed(editor.tensor(editor.node(near_id).outputs[0]).name + "/" + op +
                              std::to_string(editor.network().tensors.size()),
                          editor.dims(x));
  node.outputs = {made};
  editor.insert(near_id, std::move(node));
  return made;
}

bool recognise_product(Editor& editor, int id) {
  const Node& node = editor.node(id);
  for (int side = 0; side < 2; ++side) {
    const TensorId factor = node.inputs[side], gate = node.inputs[1 - side];
    const Linear scaled = linear_of(editor, factor);
    for (const Linear& x : {Linear{factor, 1, 0}, scaled}) {
      if (x.b != 0 || editor.dims(x.source) != editor.dims(node.outputs[0])) continue;
      Match match = match_gate(editor, x.source, gate);
      if (!match.kind) continue;
      match.factor *= x.a / match.inside;
      const TensorId from = near(match.inside, 1)
                                ? x.source
                                : add_function(editor, id, x.source, "affine", {match.inside, 0});
      if (near(match.factor, 1))
        set_function(editor, id, from, match.kind);
      else
        set_function(editor, id, add_function(editor, id, from, match.kind), "affine",
                     {match.factor, 0});
      return true;
    }
  }
  return false;
}

void recognise(Editor& editor, int id) {
  const Node& node = editor.node(id);
  if (node.op == "mul" && node.inputs[0] != node.inputs[1]) {
    recognise_product(editor, id);
  } else if (node.op == "affine" ||
             (node.op == "clip" && editor.maker(node.inputs[0], "affine") >= 0)) {
    const Linear outer = linear_of(editor, node.outputs[0]);
    const auto hard = hard_sigmoid_of(editor, outer, no_tensor);
    if (hard && near(hard->factor, 1) && is_zero(hard->offset, 1))
      set_function(editor, id, hard->x, "hard_sigmoid", {hard->alpha, hard->beta});
  } else if (node.op == "log") {
    const Linear sum = linear_of(editor, node.inputs[0]);
    const Node* exponential = maker(editor, sum.source);
    if (exponential && exponential->op == "exp" && sum.a == 1 && sum.b == 1)
      set_function(editor, id, exponential->inputs[0], "softplus");
  }
}

}  // namespace

Status recognise_activations(Network& network) {
  Editor editor(network);
  const int count = editor.node_count();
  for (int id = 0; id < count; ++id)
    if (!editor.node(id).op.empty()) recognise(editor, id);
  return editor.commit();
}

}  // namespace tenfold::graph
