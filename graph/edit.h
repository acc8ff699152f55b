// Editing a Network in place: what a pass needs to look around in it and to rewrite it, with uses
// kept up to date.
#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "graph/network.h"

namespace tenfold::graph {

/// Orders nodes so that each stands behind the makers of its inputs; otherwise by `keys` (the
/// present order when empty). Returns the index of a node on a cycle, and leaves the network alone,
/// when there is no such order.
std::optional<int> sort_nodes(Network& network, std::vector<double> keys = {});

/// Removes the nodes that no output depends on.
void remove_dead_nodes(Network& network);

/// A view of a network under rewriting. Node ids stay valid until commit(); an erased node has an
/// empty op.
class Editor {
 public:
  explicit Editor(Network& network);

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  int node_count() const { return static_cast<int>(network_.nodes.size()); }
  Node& node(int id) { return network_.nodes[id]; }
  const Tensor& tensor(TensorId id) const { return network_.tensors[id]; }
  const Dims& dims(TensorId id) const { return network_.tensors[id].dims; }

  /// The live node that makes a tensor, or -1; with `op`, only when that is its op.
  int maker(TensorId tensor) const;
  int maker(TensorId tensor, const char* op) const;
  /// Live nodes that read a tensor, each once.
  const std::vector<int>& users(TensorId tensor) const { return users_[tensor]; }
  /// True when exactly one node reads the tensor and the network's user does not.
  bool only_use(TensorId tensor) const;
  bool is_output(TensorId tensor) const { return network_.is_output(tensor); }

  TensorId add_constant(const std::string& name, Array value);
  TensorId add_computed(const std::string& name, Dims dims);
  /// Places a node where `near` stands in the order.
  int insert(int near, Node node);
  /// Nodes that only this one reads from go with it.
  void erase(int node);
  void set_inputs(int node, std::vector<TensorId> inputs);
  void set_output(int node, TensorId output);
  /// Every reader of `from`, and the list of outputs, read `to` instead.
  void replace_uses(TensorId from, TensorId to);
  /// Erases `node`, and its single output becomes its input `source`: where the output is one of
  /// the network's, the maker of `source` makes it instead. A source that nothing else read takes
  /// the output's name, for it now stands for that value. Returns false, and changes nothing,
  /// where that cannot be (both are outputs, or `source` is an input or a constant).
  bool bypass(int node, TensorId source);

  /// Drops what was erased and what is dead, and restores the order. Status: check()'s.
  Status commit();

 private:
  void grow();
  Network& network_;
  std::vector<double> keys_;
  std::vector<int> makers_;
  std::vector<std::vector<int>> users_;
};

/// The constant's values as doubles, or nothing when the tensor is computed.
std::vector<double> constant_values(const Tensor& tensor);

/// Weights that others keep and that a pass may copy, in elements: a file may share one array among
/// any number of nodes.
constexpr int64_t most_copied_weights = int64_t{1} << 26;

/// All of them are float32's, without infinities.
bool fit_float32(const std::vector<double>& values);

/// A float32 array from doubles. Precondition: the count is the volume of dims.
Array float_array(Dims dims, const std::vector<double>& values);

}  // namespace tenfold::graph
