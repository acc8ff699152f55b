// From nodes to a Task: one anchor with what stands before and behind it, operands where layout put
// them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "graph/layout.h"

namespace tenfold::graph {

/// What tasks are built over. Everything outlives the candidates.
struct PlanContext {
  const Network& network;
  const Uses& uses;
  const Layout& layout;
  DeviceKind device;
};

/// A node of a chain and which of its inputs the chain's value is; its other computed input, if
/// any, is its operand.
struct ChainLink {
  int node = -1;
  int chain_input = 0;
};

/// How often each row and each pixel is repeated.
struct Repeats {
  int64_t rows = 1, pixels = 1;
};

/// Nodes that may become one kernel. Without an anchor it is a `map` whose x is what the epilogue
/// begins with.
struct Group {
  std::vector<ChainLink> prologue;
  int anchor = -1;
  std::vector<ChainLink> epilogue;
  std::vector<int> upsampled;  // resizes that the chain reads through (upsampling.h)

  std::vector<int> nodes() const;  // ascending
};

struct Candidate {
  std::string name;    // the nodes' names
  std::string tensor;  // what outputs[0] holds, or "" where it is a rearranged copy
  Task task;
  std::vector<int> nodes;                            // what it computes, ascending
  std::vector<Operand> inputs, outputs;              // roots of the Layout
  std::vector<std::shared_ptr<const Array>> params;  // as dsl::params(task) lists them
};

/// Errors: what dsl::check says, and unsupported where an operand is neither computed nor one
/// number a channel; each with the file's and the first node's name.
Result<Candidate> build_task(const PlanContext& context, const Group& group);

/// The task of a node that only moves elements (reshape, transpose, a slice with steps) where
/// layout found no view.
Result<Candidate> build_copy(const PlanContext& context, int node);

/// A tensor's view for a task, and the address that it counts from: on a CPU the last multiple of
/// 64 bytes before the view's first element. Of the root's halo it keeps what is wanted, or nothing
/// where that is not covered.
std::pair<View, Operand> operand_of(const PlanContext& context, TensorId tensor, const Halo& wanted,
                                    bool model_order);

/// The same for a view of one's own over a layout root.
std::pair<View, Operand> operand_at(const PlanContext& context, View view, int root);

}  // namespace tenfold::graph
