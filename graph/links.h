// Links: where a tensor's place follows from another's, decided from the graph's structure alone. A
// concatenation's inputs are slices of its output, a slice is a view of its input, and what only
// feeds a reshape into an output of the network is written straight into that output. Where no link
// will do, insert_copies puts a `map` node that copies.
#pragma once
#include "graph/network.h"
#include "graph/uses.h"

namespace tenfold::graph {

struct Link {
  enum Kind {
    none,            // a root of its own, or decided by layout (a reshape that may be a view)
    concat_slice,    // at `offset` along `axis` of the parent, each `step`-th index
    view,            // what the slice `node` makes of the parent
    reshape_into,    // the input of a reshape whose output is the parent
    transpose_into,  // the input of a transpose whose output is the parent
  };
  Kind kind = none;
  TensorId parent = no_tensor;
  int node = -1;
  int axis = 0;
  int64_t offset = 0, step = 1;
};

struct Links {
  std::vector<Link> of;  // a tensor's link
  struct Copy {
    int node, input;
  };
  std::vector<Copy> copies;  // inputs of concatenations that can't be written in place
};

/// An interleave's inputs (pair_halves.h) take turns along its axis. Inner concatenations become
/// slices of outer ones, and one whose inputs lie side by side in a larger one already (DenseNet's)
/// becomes a slice of that.
Links find_links(const Network& network, const Uses& uses);

/// True when the slice is a box of its input, so that it costs nothing.
bool slice_is_view(const Node& node);

/// Adds `map` nodes so that find_links needs no copies, and that each output of the network has a
/// node of its own that writes it and no reader. Errors: unsupported for a constant output or a
/// constant in a concatenation.
Status insert_copies(Network& network);

}  // namespace tenfold::graph
