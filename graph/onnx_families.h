// The functions that onnx_op.cpp's table is made of, by the file that holds them, and what folding
// shares with them.
#pragma once
#include <vector>

#include "graph/onnx_op.h"

namespace tenfold::graph {

// onnx_reshape.cpp: what keeps the elements' order, and transposes.
Status shape_reshape(OpView& op);
Status shape_flatten(OpView& op);
Status shape_squeeze(OpView& op);
Status shape_unsqueeze(OpView& op);
Status shape_transpose(OpView& op);
Status shape_same(
    OpView& op);  // outputs[0] has inputs[0]'s type and dims; further outputs are not stated
Status shape_dropout(OpView& op);
Status shape_cast(OpView& op);
Status shape_cast_like(OpView& op);
Status limit_dropout(const OpView& op);
Status limit_cast(const OpView& op);
Status lower_alias(Lowering& op);  // the data of inputs[0] under the output's dims
Status lower_transpose(Lowering& op);
Result<std::vector<int64_t>> transpose_perm(const OpView& op);
Result<DType> element_type(int64_t onnx);  // of TensorProto.DataType

// onnx_slice.cpp: what picks, joins and repeats.
struct SliceBox {
  std::vector<int64_t> starts, steps;  // one a dim; steps may be negative
  Dims extents;
};
Result<SliceBox> slice_box(const OpView& op);
Result<std::vector<int64_t>> split_sizes(const OpView& op, int64_t axis);
Status shape_slice(OpView& op);
Status lower_slice(Lowering& op);
Status shape_split(OpView& op);
Status lower_split(Lowering& op);
Status shape_concat(OpView& op);
Status lower_concat(Lowering& op);
Status shape_gather(OpView& op);
Status shape_gather_nd(OpView& op);
Status limit_gather(const OpView& op);
Status limit_slice(const OpView& op);
Status lower_gather(Lowering& op);

// onnx_repeat.cpp: what repeats, pads, and moves between depth and space.
Status shape_expand(OpView& op);
Status lower_expand(Lowering& op);
Status shape_tile(OpView& op);
Status limit_tile(const OpView& op);
Status lower_tile(Lowering& op);
Status shape_pad(OpView& op);
Status limit_pad(const OpView& op);
Status lower_pad(Lowering& op);
Status shape_depth_to_space(OpView& op);
Status lower_depth_to_space(Lowering& op);
Status shape_space_to_depth(OpView& op);
Status lower_space_to_depth(Lowering& op);

// onnx_constant.cpp: what only constants need.
Status shape_shape(OpView& op);
Status shape_size(OpView& op);
Status shape_constant_of_shape(OpView& op);
Status shape_range(OpView& op);
Status shape_eye_like(OpView& op);
Status shape_cum_sum(OpView& op);
Status shape_where(OpView& op);
Status shape_compare(OpView& op);

// onnx_conv.cpp
Status shape_conv(OpView& op);
Status limit_conv(const OpView& op);
Status lower_conv(Lowering& op);
Status shape_conv_transpose(OpView& op);
Status lower_conv_transpose(Lowering& op);
Status shape_deform_conv(OpView& op);
Status limit_deform_conv(const OpView& op);
Status lower_deform_conv(Lowering& op);

// onnx_pool.cpp
Status shape_pool(OpView& op);
Status limit_pool(const OpView& op);
Status lower_pool(Lowering& op);
Status shape_global_pool(OpView& op);
Status lower_global_pool(Lowering& op);

// onnx_matmul.cpp
Status shape_gemm(OpView& op);
Status limit_gemm(const OpView& op);
Status lower_gemm(Lowering& op);
Status shape_matmul(OpView& op);
Status lower_matmul(Lowering& op);

// onnx_unary.cpp
Status limit_unary(const OpView& op);
Status lower_unary(Lowering& op);
Status shape_clip(OpView& op);
Status limit_clip(const OpView& op);
Status lower_clip(Lowering& op);
Status shape_prelu(OpView& op);
Status lower_prelu(Lowering& op);

// onnx_binary.cpp
Status shape_broadcast(OpView& op);  // any number of inputs
Status limit_binary(const OpView& op);
Status limit_pow(const OpView& op);
Status lower_binary(Lowering& op);  // Add Sub Mul Div Pow Max Min Sum Mean

// onnx_norm.cpp
Status shape_batch_norm(OpView& op);
Status limit_batch_norm(const OpView& op);
Status lower_batch_norm(Lowering& op);
Status shape_channel_norm(OpView& op);  // InstanceNormalization, GroupNormalization
Status limit_channel_norm(const OpView& op);
Status limit_layer_norm(const OpView& op);
Status lower_instance_norm(Lowering& op);
Status lower_group_norm(Lowering& op);
Status shape_layer_norm(OpView& op);
Status lower_layer_norm(Lowering& op);
Status lower_rms_norm(Lowering& op);
Status shape_lp_norm(OpView& op);
Status lower_lp_norm(Lowering& op);
Status shape_lrn(OpView& op);
Status lower_lrn(Lowering& op);
Status shape_softmax(OpView& op);
Status lower_softmax(Lowering& op);

// onnx_reduce.cpp
Result<std::vector<int64_t>> reduce_axes(const OpView& op);  // empty: nothing is reduced
Status shape_arg(OpView& op);  // ArgMax, ArgMin
Status lower_arg(Lowering& op);
Status shape_reduce(OpView& op);
Status lower_reduce(Lowering& op);

// onnx_resize.cpp
Status shape_resize(OpView& op);
Status limit_resize(const OpView& op);
Status lower_resize(Lowering& op);

/// A channel stage (bias, scale, scale_shift, prelu) over dim 1 of the node's input, whatever its
/// rank.
void finish_channel_stage(Lowering& op, const std::string& kind, TensorId x,
                          const std::vector<std::vector<double>>& constants);

}  // namespace tenfold::graph
