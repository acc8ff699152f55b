// ONNX import: a model file becomes a Network whose shapes are known. The file is hostile until
// checked: nothing is allocated that it merely claims, and every refusal is one line with the file,
// the node and the rule. The schema is ONNX's own, read with protobuf; opsets 7 to 28.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "graph/network.h"

namespace tenfold::graph {

struct ImportOptions {
  std::map<std::string, Dims>
      shapes;                        // bound inputs by name; a dim that the model states must agree
  std::vector<std::string> outputs;  // tensors to keep as outputs, by name; empty: the model's own
};

/// Reads, sorts and prunes the graph, binds shapes, infers all others and folds what is constant.
/// Nodes still speak ONNX. What tenfold cannot do is collected in Network::unsupported and is no
/// error here; the tensors behind such a node may then have no known shape. Inputs that no kept
/// output depends on are dropped. Half-precision tensors become f32. Errors: not_found, io (the
/// file), invalid_model (malformed, cyclic, contradictory), invalid_argument (an unknown name or a
/// shape in the options that does not fit; an unbound dimension), invalid_shape.
Result<Network> import_onnx(const std::string& path, const ImportOptions& options = {});

}  // namespace tenfold::graph
