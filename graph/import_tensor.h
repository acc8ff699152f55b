// ONNX tensors (initializers, attributes) as arrays: typed fields, raw bytes, and data in a file
// beside the model.
#pragma once
#include <string>

#include "base/types.h"

namespace onnx {
class TensorProto;
}

namespace tenfold::graph {

/// The array's own type is the nearest of ours that holds every value: float16 and bfloat16 become
/// f32, int16 i32, ... Claimed dims are compared with the bytes that are there before anything is
/// allocated. `folder` is where external data may lie: a plain file name in it, no link, no device.
/// Errors: invalid_model (dims and data disagree, a bad location), unsupported (strings, complex
/// numbers, 4- and 8-bit floats), not_found, io. Messages are the bare rule.
Result<Array> read_tensor(const onnx::TensorProto& tensor, const std::string& folder);

}  // namespace tenfold::graph
