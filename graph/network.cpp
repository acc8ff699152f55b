#include "graph/network.h"

#include <algorithm>

namespace tenfold::graph {
namespace {

template <class T>
const T* find_attr(const Node& node, const std::string& name) {
  const auto found = node.attrs.find(name);
  return found == node.attrs.end() ? nullptr : std::get_if<T>(&found->second);
}

Error bug(const Network& network, const std::string& what) {
  return Error{ErrorCode::failed, network.file + ": inconsistent network: " + what};
}

}  // namespace

int64_t Node::attr_int(const std::string& attr, int64_t otherwise) const {
  const auto* value = find_attr<int64_t>(*this, attr);
  return value ? *value : otherwise;
}

double Node::attr_float(const std::string& attr, double otherwise) const {
  const auto* value = find_attr<double>(*this, attr);
  return value ? *value : otherwise;
}

std::string Node::attr_string(const std::string& attr, const std::string& otherwise) const {
  const auto* value = find_attr<std::string>(*this, attr);
  return value ? *value : otherwise;
}

std::vector<int64_t> Node::attr_ints(const std::string& attr,
                                     const std::vector<int64_t>& otherwise) const {
  const auto* value = find_attr<std::vector<int64_t>>(*this, attr);
  return value ? *value : otherwise;
}

std::vector<double> Node::attr_floats(const std::string& attr,
                                      const std::vector<double>& otherwise) const {
  const auto* value = find_attr<std::vector<double>>(*this, attr);
  return value ? *value : otherwise;
}

TensorId Network::add_tensor(Tensor tensor) {
  tensors.push_back(std::move(tensor));
  return static_cast<TensorId>(tensors.size()) - 1;
}

int Network::producer(TensorId tensor) const {
  for (size_t i = 0; i < nodes.size(); ++i)
    if (std::ranges::find(nodes[i].outputs, tensor) != nodes[i].outputs.end())
      return static_cast<int>(i);
  return -1;
}

std::vector<int> Network::consumers(TensorId tensor) const {
  std::vector<int> found;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (std::ranges::find(nodes[i].inputs, tensor) != nodes[i].inputs.end())
      found.push_back(static_cast<int>(i));
  return found;
}

bool Network::is_output(TensorId tensor) const {
  return std::ranges::find(outputs, tensor) != outputs.end();
}

Status check(const Network& network) {
  const auto count = static_cast<TensorId>(network.tensors.size());
  const auto exists = [count](TensorId id) { return id >= 0 && id < count; };
  std::vector<char> ready(network.tensors.size(), 0);
  for (TensorId id = 0; id < count; ++id) {
    const Tensor& tensor = network.tensors[id];
    ready[id] = tensor.constant != nullptr;
    if (tensor.constant && tensor.constant->dims() != tensor.dims)
      return bug(network, "constant '" + tensor.name + "' contradicts its dims");
  }
  for (TensorId id : network.inputs) {
    if (!exists(id)) return bug(network, "an input that does not exist");
    ready[id] = 1;
  }
  for (const Node& node : network.nodes) {
    for (TensorId id : node.inputs) {
      if (id == no_tensor) continue;
      if (!exists(id)) return bug(network, "node '" + node.name + "' reads no tensor");
      if (!ready[id])
        return bug(network, "node '" + node.name + "' reads '" + network.tensors[id].name +
                                "' before it is made");
    }
    for (TensorId id : node.outputs) {
      if (id == no_tensor) continue;
      if (!exists(id)) return bug(network, "node '" + node.name + "' makes no tensor");
      if (ready[id])
        return bug(network,
                   "'" + network.tensors[id].name + "' is made twice, by '" + node.name + "' too");
      ready[id] = 1;
    }
  }
  for (TensorId id : network.outputs)
    if (!exists(id) || !ready[id]) return bug(network, "an output that nothing makes");
  return {};
}

}  // namespace tenfold::graph
