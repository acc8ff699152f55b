// ONNX attributes as a Node's: known names have the type that ONNX gives them, whatever a file
// says.
#pragma once
#include "graph/network.h"

namespace onnx {
class AttributeProto;
}

namespace tenfold::graph {

class ExternalData;

/// Adds the attribute to the node; a graph becomes the attribute "subgraph". Errors: invalid_model
/// when a known name has another type, a float is NaN or a list is longer than 4096; read_tensor's.
Status read_attribute(const onnx::AttributeProto& attribute, ExternalData& external, Node& node);

}  // namespace tenfold::graph
