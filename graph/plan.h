// Plan: a network as a list of kernel calls over planned memory. What graph/ hands to codegen/, free of ONNX.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"

namespace tenfold::graph {

enum class Home {
  arena,
  input,
  output,
  constant,  // read only: a tensor of the model that kernels take as they take computed ones
};

/// A buffer that kernels get as a base pointer or a device handle.
struct Root {
  std::string name;
  Home home = Home::arena;
  int port = 0;              // index of the input or output, for those homes
  int64_t size_bytes = 0;
  int64_t offset_bytes = 0;  // in the arena: a multiple of 256
  std::shared_ptr<const Array> values = nullptr;  // of a constant, as they lie in memory
};

/// What a kernel's argument points at: the root's base plus a multiple of 64 bytes (0 on a device); the rest of the
/// displacement is the view's own offset.
struct Operand {
  int root = 0;
  int64_t base_bytes = 0;
};

/// Bytes of a root that must be zero: `rows` runs of row_bytes, stride_bytes apart.
struct ZeroFill {
  int root = 0;
  int64_t offset_bytes = 0, row_bytes = 0, stride_bytes = 0, rows = 0;
};

struct Step {
  std::string name;  // the model's node(s), for messages and --layers
  Task task;
  std::vector<Operand> inputs;   // one a view of task.inputs
  std::vector<Operand> outputs;  // one a view of task.outputs
  std::vector<std::shared_ptr<const Array>> params;  // one a dsl::params(task), in the model's layout
  std::vector<ZeroFill> fills;   // halos whose bytes another root has used since: zeroed before this step
  std::string tensor;  // of the network, that outputs[0] holds; "" for a rearranged copy
};

struct Port {
  std::string name;
  DType type = DType::f32;
  Dims dims;  // the model's order; the user's buffer is dense
  int root = 0;
};

struct Plan {
  std::string name;
  std::vector<Root> roots;
  std::vector<Step> steps;
  std::vector<Port> inputs, outputs;
  std::vector<ZeroFill> fills;  // zeroed once, when a context is made
  int64_t arena_bytes = 0;
};

}  // namespace tenfold::graph
