// Layout: where each tensor lies, as a rule of the tensor alone: its root, offset, strides and
// halo. Feature maps are NHWC with a pixel stride that avoids cache conflicts; other ranks are
// row-major; inputs and outputs of the network are the user's buffers, dense in the model's own
// order.
#pragma once
#include <optional>
#include <vector>

#include "graph/network.h"
#include "graph/plan.h"
#include "graph/planner.h"
#include "graph/uses.h"

namespace tenfold::graph {

/// The view counts from the root's base, and its halo is all that the root has.
struct Place {
  int root = -1;  // of Layout::roots; -1: a constant that is packed for its kernel
  View view;      // dims in view order
};

struct LayoutRoot {
  Root root;       // without an offset in the arena
  TensorId owner;  // the tensor that covers it
};

struct Layout {
  std::vector<LayoutRoot> roots;
  std::vector<Place> places;    // a tensor's
  std::vector<char> free_node;  // nodes that are done by where their operands lie
};

/// True for nodes whose rank-4 operands are read in the model's order, not as feature maps.
bool in_model_order(const Node& node);

/// By tensor: of rank 4, and lies as the model has it, not as a feature map. Also what follows a
/// product of matrices element by element or line by line, as attention's weights do: it is then
/// made in the product's own kernel, or read as it lies.
std::vector<char> find_row_major(const Network& network, const Uses& uses);

/// Whether a kernel reads the node's operands where they lie, constant ones too: a stage's second
/// operand, both sides of a product, what is copied. Other constants are packed for their kernel.
bool reads_in_place(const Node& node);

/// Strides of a feature map that owns its root, in elements: {image, row, pixel, 1}, and where its
/// first pixel lies.
View feature_map_view(int64_t n, int64_t h, int64_t w, int64_t c, const Halo& halo, bool dense,
                      const LayoutRule& rule);

/// Precondition: insert_copies and absorb_flattens have run. Errors: unsupported for element types
/// other than f32.
Result<Layout> lay_out(const Network& network, const Uses& uses, const LayoutRule& rule);

}  // namespace tenfold::graph
