// ONNX tensors (initializers, attributes) as arrays: typed fields, raw bytes, and data in a file
// beside the model.
#pragma once
#include <map>
#include <string>

#include "base/types.h"

namespace onnx {
class TensorProto;
}

namespace tenfold::graph {

/// The files beside a model that hold weights. Tensors may share bytes of a file, but not so often
/// that a small file becomes a large allocation.
class ExternalData {
 public:
  explicit ExternalData(const std::string& model_path);
  const std::string& folder() const { return folder_; }
  /// Notes that `bytes` of a file of `file_bytes` are read. False when the model has then read it
  /// more than four times over, beyond what is small anyway.
  bool take(const std::string& name, int64_t bytes, int64_t file_bytes);

 private:
  std::string folder_;
  std::map<std::string, int64_t> taken_bytes_;
};

/// The array's own type is the nearest of ours that holds every value: float16 and bfloat16 become
/// f32, int16 i32, ... Claimed dims are compared with the bytes that are there before anything is
/// allocated. External data lies in the folder of `external`: a plain file name in it, no link, no
/// device. Errors: invalid_model (dims and data disagree, a bad location, a file read too often),
/// unsupported (strings, complex numbers, 4- and 8-bit floats), not_found, io (also when there is
/// no memory for what the file holds). Messages are the bare rule.
Result<Array> read_tensor(const onnx::TensorProto& tensor, ExternalData& external);

}  // namespace tenfold::graph
