// A node's attributes as its task has them: the same names, with dimensions counted in the view's
// order.
#pragma once
#include "base/task.h"
#include "graph/network.h"

namespace tenfold::graph {

/// `rank` is that of the node's first input, 0 when its views are in the model's order already.
Attrs task_attrs(const Node& node, size_t rank);

}  // namespace tenfold::graph
