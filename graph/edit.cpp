#include "graph/edit.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "graph/convert.h"

namespace tenfold::graph {

std::optional<int> sort_nodes(Network& network, std::vector<double> keys) {
  const int count = static_cast<int>(network.nodes.size());
  if (keys.empty())
    for (int i = 0; i < count; ++i) keys.push_back(i);
  std::vector<int> maker(network.tensors.size(), -1), waiting(count, 0);
  std::vector<std::vector<int>> readers(count);
  for (int i = 0; i < count; ++i)
    for (TensorId id : network.nodes[i].outputs)
      if (id != no_tensor) maker[id] = i;
  for (int i = 0; i < count; ++i)
    for (TensorId id : network.nodes[i].inputs)
      if (id != no_tensor && maker[id] >= 0) {
        readers[maker[id]].push_back(i);
        ++waiting[i];
      }
  const auto later = [&](int a, int b) { return std::pair(keys[a], a) > std::pair(keys[b], b); };
  std::priority_queue<int, std::vector<int>, decltype(later)> ready(later);
  for (int i = 0; i < count; ++i)
    if (waiting[i] == 0) ready.push(i);
  std::vector<int> order;
  while (!ready.empty()) {
    const int next = ready.top();
    ready.pop();
    order.push_back(next);
    for (int reader : readers[next])
      if (--waiting[reader] == 0) ready.push(reader);
  }
  if (static_cast<int>(order.size()) != count) {
    // A node that still waits may only stand behind a cycle: walk back through waiting nodes until
    // one repeats.
    int at = static_cast<int>(std::ranges::find_if(waiting, [](int n) { return n > 0; }) -
                              waiting.begin());
    std::vector<char> seen(count, 0);
    while (!seen[at]) {
      seen[at] = 1;
      for (TensorId id : network.nodes[at].inputs)
        if (id != no_tensor && maker[id] >= 0 && waiting[maker[id]] > 0) {
          at = maker[id];
          break;
        }
    }
    return at;
  }
  std::vector<Node> sorted;
  sorted.reserve(count);
  for (int i : order) sorted.push_back(std::move(network.nodes[i]));
  network.nodes = std::move(sorted);
  return std::nullopt;
}

void remove_dead_nodes(Network& network) {
  const int count = static_cast<int>(network.nodes.size());
  std::vector<int> maker(network.tensors.size(), -1);
  for (int i = 0; i < count; ++i)
    for (TensorId id : network.nodes[i].outputs)
      if (id != no_tensor) maker[id] = i;
  std::vector<char> live(count, 0);
  std::vector<int> stack;
  const auto visit = [&](TensorId id) {
    if (id == no_tensor || maker[id] < 0 || live[maker[id]]) return;
    live[maker[id]] = 1;
    stack.push_back(maker[id]);
  };
  for (TensorId id : network.outputs) visit(id);
  while (!stack.empty()) {
    const int next = stack.back();
    stack.pop_back();
    for (TensorId id : network.nodes[next].inputs) visit(id);
  }
  std::vector<Node> kept;
  for (int i = 0; i < count; ++i)
    if (live[i]) kept.push_back(std::move(network.nodes[i]));
  network.nodes = std::move(kept);
}

Editor::Editor(Network& network) : network_(network) {
  grow();
  for (int i = 0; i < node_count(); ++i) {
    keys_.push_back(i);
    for (TensorId id : node(i).outputs)
      if (id != no_tensor) makers_[id] = i;
    for (TensorId id : node(i).inputs)
      if (id != no_tensor && (users_[id].empty() || users_[id].back() != i))
        users_[id].push_back(i);
  }
}

void Editor::grow() {
  makers_.resize(network_.tensors.size(), -1);
  users_.resize(network_.tensors.size());
}

int Editor::maker(TensorId tensor) const {
  return makers_[tensor];
}

int Editor::maker(TensorId tensor, const char* op) const {
  const int made = makers_[tensor];
  return made >= 0 && network_.nodes[made].op == op ? made : -1;
}

bool Editor::only_use(TensorId tensor) const {
  return users_[tensor].size() == 1 && !network_.is_output(tensor);
}

TensorId Editor::add_constant(const std::string& name, Array value) {
  Tensor tensor{name, value.type(), value.dims(), true, nullptr};
  tensor.constant = std::make_shared<const Array>(std::move(value));
  const TensorId id = network_.add_tensor(std::move(tensor));
  grow();
  return id;
}

TensorId Editor::add_computed(const std::string& name, Dims dims) {
  const TensorId id = network_.add_tensor({name, DType::f32, std::move(dims), true, nullptr});
  grow();
  return id;
}

int Editor::insert(int near, Node added) {
  const int id = node_count();
  for (TensorId output : added.outputs) makers_[output] = id;
  std::vector<TensorId> inputs = std::move(added.inputs);
  added.inputs.clear();
  network_.nodes.push_back(std::move(added));
  keys_.push_back(keys_[near]);
  set_inputs(id, std::move(inputs));
  return id;
}

void Editor::erase(int id) {
  for (TensorId output : node(id).outputs)
    if (output != no_tensor && makers_[output] == id) makers_[output] = -1;
  set_inputs(id, {});
  node(id).op.clear();
  node(id).outputs.clear();
}

void Editor::set_inputs(int id, std::vector<TensorId> inputs) {
  const std::vector<TensorId> before = std::exchange(node(id).inputs, inputs);
  for (TensorId input : before)
    if (input != no_tensor) std::erase(users_[input], id);
  for (TensorId input : inputs)
    if (input != no_tensor && std::ranges::find(users_[input], id) == users_[input].end())
      users_[input].push_back(id);
  for (TensorId input : before)
    if (input != no_tensor && users_[input].empty() && makers_[input] >= 0 && !is_output(input))
      erase(makers_[input]);
}

void Editor::set_output(int id, TensorId output) {
  if (const TensorId old = node(id).outputs[0]; makers_[old] == id) makers_[old] = -1;
  node(id).outputs = {output};
  makers_[output] = id;
}

void Editor::replace_uses(TensorId from, TensorId to) {
  for (int user : std::vector<int>(users_[from])) {
    std::vector<TensorId> inputs = node(user).inputs;
    std::ranges::replace(inputs, from, to);
    set_inputs(user, std::move(inputs));
  }
  std::ranges::replace(network_.outputs, from, to);
}

bool Editor::bypass(int id, TensorId source) {
  const TensorId result = node(id).outputs[0];
  if (!is_output(result)) {
    if (makers_[source] >= 0 && only_use(source))
      std::swap(network_.tensors[source].name, network_.tensors[result].name);
    replace_uses(result, source);
    erase(id);
    return true;
  }
  const int made = makers_[source];
  if (is_output(source) || made < 0) return false;
  set_output(made, result);
  replace_uses(source, result);
  erase(id);
  return true;
}

Status Editor::commit() {
  std::vector<Node> kept;
  std::vector<double> keys;
  for (int i = 0; i < node_count(); ++i)
    if (!node(i).op.empty()) {
      kept.push_back(std::move(node(i)));
      keys.push_back(keys_[i]);
    }
  network_.nodes = std::move(kept);
  if (sort_nodes(network_, std::move(keys)))
    return Error{ErrorCode::failed, network_.file + ": inconsistent network: a pass made a cycle"};
  remove_dead_nodes(network_);
  return check(network_);
}

std::vector<double> constant_values(const Tensor& tensor) {
  return tensor.constant ? to_doubles(*tensor.constant) : std::vector<double>{};
}

bool fit_float32(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double v) { return std::abs(v) <= 3.4028234663852886e38; });
}

Array float_array(Dims dims, const std::vector<double>& values) {
  Array array(DType::f32, std::move(dims));
  std::ranges::transform(values, array.as<float>().begin(),
                         [](double v) { return static_cast<float>(v); });
  return array;
}

}  // namespace tenfold::graph
