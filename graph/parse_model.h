// A model file as protobuf's objects, once it is known that they fit into memory.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace onnx {
class ModelProto;
}

namespace tenfold::graph {

/// Reads the file into `model`; returns its size in bytes. Errors: not_found, io, invalid_model
/// with the rule, without the file's name.
Result<int64_t> parse_model(const std::string& path, onnx::ModelProto& model);

}  // namespace tenfold::graph
