// Values of ONNX nodes whose inputs are all constant: shape arithmetic and what exporters leave
// around weights. Types are ONNX's: integers divide towards zero and wrap, floats are computed in
// double and rounded once.
#pragma once
#include <vector>

#include "graph/onnx_op.h"

namespace tenfold::graph {

/// Output dim i is input dim perm[i]. Precondition: perm is a permutation of the array's dims.
Array transpose_array(const Array& array, const std::vector<int64_t>& perm);

/// The same bytes under other dims. Precondition: equal volumes.
Array reshape_array(const Array& array, const Dims& dims);

/// out[i] = array[base + i . strides], in elements: slices, broadcasts, transposes. Precondition:
/// every index is inside.
Array gather_strided(const Array& array, const Dims& dims, int64_t base,
                     const std::vector<int64_t>& strides);

/// The array repeated along dims of extent 1, and along those that it lacks in front. Precondition:
/// it broadcasts to these dims.
Array broadcast_array(const Array& array, const Dims& dims);

/// What a fold function of one output returns.
std::vector<Array> one(Array array);

// The fold functions of onnx_op.cpp's table. (What has none is folded as what it becomes:
// fold_lowered.h.)
Result<std::vector<Array>> fold_arithmetic(
    const OpView& op);  // binary and n-ary, logic, comparison; by the node's op
Result<std::vector<Array>> fold_function(const OpView& op);  // unary
Result<std::vector<Array>> fold_clip(const OpView& op);
Result<std::vector<Array>> fold_reshape(
    const OpView& op);  // whatever keeps the bytes: Reshape, Squeeze, Identity, ...
Result<std::vector<Array>> fold_cast(const OpView& op);
Result<std::vector<Array>> fold_shape(
    const OpView& op);  // Shape, Size: the input need not be constant
Result<std::vector<Array>> fold_constant_of_shape(const OpView& op);
Result<std::vector<Array>> fold_range(const OpView& op);
Result<std::vector<Array>> fold_eye_like(const OpView& op);  // the input need not be constant
Result<std::vector<Array>> fold_cum_sum(const OpView& op);
Result<std::vector<Array>> fold_transpose(const OpView& op);
Result<std::vector<Array>> fold_slice(const OpView& op);
Result<std::vector<Array>> fold_split(const OpView& op);
Result<std::vector<Array>> fold_concat(const OpView& op);
Result<std::vector<Array>> fold_gather(const OpView& op);
Result<std::vector<Array>> fold_gather_nd(const OpView& op);
Result<std::vector<Array>> fold_expand(const OpView& op);
Result<std::vector<Array>> fold_tile(const OpView& op);
Result<std::vector<Array>> fold_where(const OpView& op);
Result<std::vector<Array>> fold_reduce(const OpView& op);
Result<std::vector<Array>> fold_batch_norm(const OpView& op);  // onnx_norm.cpp

}  // namespace tenfold::graph
