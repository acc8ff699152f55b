// The table of ONNX operators that tenfold reads, by name.
#include "graph/onnx_op.h"

#include <algorithm>

#include "graph/fold.h"
#include "graph/onnx_families.h"

namespace tenfold::graph {
namespace {

constexpr OnnxOp table[] = {
    {"Abs", 1, 1, shape_same, fold_function, lower_unary},
    {"Add", 2, 2, shape_broadcast, fold_arithmetic, lower_binary, limit_binary},
    {"And", 2, 2, shape_compare, fold_arithmetic, nullptr},
    {"ArgMax", 1, 1, shape_arg, nullptr, lower_arg},
    {"ArgMin", 1, 1, shape_arg, nullptr, lower_arg},
    {"AveragePool", 1, 1, shape_pool, nullptr, lower_pool, limit_pool},
    {"BatchNormalization", 5, 5, shape_batch_norm, fold_batch_norm, lower_batch_norm,
     limit_batch_norm},
    {"Cast", 1, 1, shape_cast, fold_cast, lower_alias, limit_cast},
    {"CastLike", 2, 2, shape_cast_like, fold_cast, lower_alias, limit_cast},
    {"Ceil", 1, 1, shape_same, fold_function, lower_unary},
    {"Celu", 1, 1, shape_same, nullptr, lower_unary, limit_unary},
    {"Clip", 1, 3, shape_clip, fold_clip, lower_clip, limit_clip},
    {"Concat", 1, -1, shape_concat, fold_concat, lower_concat},
    {"ConstantOfShape", 1, 1, shape_constant_of_shape, fold_constant_of_shape, nullptr},
    {"Conv", 2, 3, shape_conv, nullptr, lower_conv, limit_conv},
    {"ConvTranspose", 2, 3, shape_conv_transpose, nullptr, lower_conv_transpose, limit_conv},
    {"Cos", 1, 1, shape_same, fold_function, nullptr},
    {"CumSum", 2, 2, shape_cum_sum, fold_cum_sum, nullptr},
    {"DeformConv", 3, 5, shape_deform_conv, nullptr, lower_deform_conv, limit_deform_conv},
    {"DepthToSpace", 1, 1, shape_depth_to_space, nullptr, lower_depth_to_space},
    {"Div", 2, 2, shape_broadcast, fold_arithmetic, lower_binary, limit_binary},
    {"Dropout", 1, 3, shape_dropout, fold_reshape, lower_alias, limit_dropout},
    {"Elu", 1, 1, shape_same, nullptr, lower_unary},
    {"Equal", 2, 2, shape_compare, fold_arithmetic, nullptr},
    {"Erf", 1, 1, shape_same, fold_function, lower_unary},
    {"Exp", 1, 1, shape_same, fold_function, lower_unary},
    {"Expand", 2, 2, shape_expand, fold_expand, lower_expand},
    {"EyeLike", 1, 1, shape_eye_like, fold_eye_like, nullptr},
    {"Flatten", 1, 1, shape_flatten, fold_reshape, lower_alias},
    {"Floor", 1, 1, shape_same, fold_function, lower_unary},
    {"Gather", 2, 2, shape_gather, fold_gather, lower_gather, limit_gather},
    {"GatherND", 2, 2, shape_gather_nd, fold_gather_nd, lower_gather, limit_gather},
    {"Gelu", 1, 1, shape_same, nullptr, lower_unary, limit_unary},
    {"Gemm", 2, 3, shape_gemm, nullptr, lower_gemm, limit_gemm},
    {"GlobalAveragePool", 1, 1, shape_global_pool, nullptr, lower_global_pool},
    {"GlobalMaxPool", 1, 1, shape_global_pool, nullptr, lower_global_pool},
    {"Greater", 2, 2, shape_compare, fold_arithmetic, nullptr},
    {"GreaterOrEqual", 2, 2, shape_compare, fold_arithmetic, nullptr},
    {"GroupNormalization", 3, 3, shape_channel_norm, nullptr, lower_group_norm, limit_channel_norm},
    {"HardSigmoid", 1, 1, shape_same, nullptr, lower_unary},
    {"HardSwish", 1, 1, shape_same, nullptr, lower_unary},
    {"Identity", 1, 1, shape_same, fold_reshape, lower_alias},
    {"InstanceNormalization", 3, 3, shape_channel_norm, nullptr, lower_instance_norm,
     limit_channel_norm},
    {"LayerNormalization", 2, 3, shape_layer_norm, nullptr, lower_layer_norm, limit_layer_norm},
    {"LeakyRelu", 1, 1, shape_same, nullptr, lower_unary},
    {"Less", 2, 2, shape_compare, fold_arithmetic, nullptr},
    {"LessOrEqual", 2, 2, shape_compare, fold_arithmetic, nullptr},
    {"Log", 1, 1, shape_same, fold_function, lower_unary},
    {"LogSoftmax", 1, 1, shape_softmax, nullptr, lower_softmax},
    {"LpNormalization", 1, 1, shape_lp_norm, nullptr, lower_lp_norm},
    {"LpPool", 1, 1, shape_pool, nullptr, lower_pool, limit_pool},
    {"LRN", 1, 1, shape_lrn, nullptr, lower_lrn},
    {"MatMul", 2, 2, shape_matmul, nullptr, lower_matmul},
    {"Max", 1, -1, shape_broadcast, fold_arithmetic, lower_binary, limit_binary},
    {"MaxPool", 1, 1, shape_pool, nullptr, lower_pool, limit_pool},
    {"Mean", 1, -1, shape_broadcast, nullptr, lower_binary, limit_binary},
    {"Min", 1, -1, shape_broadcast, fold_arithmetic, lower_binary, limit_binary},
    {"Mish", 1, 1, shape_same, nullptr, lower_unary},
    {"Mod", 2, 2, shape_broadcast, fold_arithmetic, nullptr},
    {"Mul", 2, 2, shape_broadcast, fold_arithmetic, lower_binary, limit_binary},
    {"Neg", 1, 1, shape_same, fold_function, lower_unary},
    {"Not", 1, 1, shape_compare, fold_arithmetic, nullptr},
    {"Or", 2, 2, shape_compare, fold_arithmetic, nullptr},
    {"Pad", 1, 4, shape_pad, nullptr, lower_pad, limit_pad},
    {"Pow", 2, 2, shape_broadcast, fold_arithmetic, lower_binary, limit_pow},
    {"PRelu", 2, 2, shape_prelu, nullptr, lower_prelu},
    {"Range", 3, 3, shape_range, fold_range, nullptr},
    {"Reciprocal", 1, 1, shape_same, fold_function, lower_unary},
    {"ReduceL1", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceL2", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceLogSum", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceLogSumExp", 1, 2, shape_reduce, nullptr, lower_reduce},
    {"ReduceMax", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceMean", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceMin", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceProd", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceSum", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"ReduceSumSquare", 1, 2, shape_reduce, fold_reduce, lower_reduce},
    {"Relu", 1, 1, shape_same, fold_function, lower_unary},
    {"Reshape", 2, 2, shape_reshape, fold_reshape, lower_alias},
    {"Resize", 1, 4, shape_resize, nullptr, lower_resize, limit_resize},
    {"RMSNormalization", 2, 2, shape_layer_norm, nullptr, lower_rms_norm, limit_layer_norm},
    {"Round", 1, 1, shape_same, fold_function, lower_unary},
    {"Selu", 1, 1, shape_same, nullptr, lower_unary},
    {"Shape", 1, 1, shape_shape, fold_shape, nullptr},
    {"Sigmoid", 1, 1, shape_same, fold_function, lower_unary},
    {"Sign", 1, 1, shape_same, fold_function, nullptr},
    {"Sin", 1, 1, shape_same, fold_function, nullptr},
    {"Size", 1, 1, shape_size, fold_shape, nullptr},
    {"Slice", 1, 5, shape_slice, fold_slice, lower_slice, limit_slice},
    {"Softmax", 1, 1, shape_softmax, nullptr, lower_softmax},
    {"Softplus", 1, 1, shape_same, nullptr, lower_unary},
    {"Softsign", 1, 1, shape_same, nullptr, lower_unary},
    {"SpaceToDepth", 1, 1, shape_space_to_depth, nullptr, lower_space_to_depth},
    {"Split", 1, 2, shape_split, fold_split, lower_split},
    {"Sqrt", 1, 1, shape_same, fold_function, lower_unary},
    {"Squeeze", 1, 2, shape_squeeze, fold_reshape, lower_alias},
    {"Sub", 2, 2, shape_broadcast, fold_arithmetic, lower_binary, limit_binary},
    {"Sum", 1, -1, shape_broadcast, fold_arithmetic, lower_binary, limit_binary},
    {"Swish", 1, 1, shape_same, nullptr, lower_unary},
    {"Tanh", 1, 1, shape_same, fold_function, lower_unary},
    {"Tile", 2, 2, shape_tile, fold_tile, lower_tile, limit_tile},
    {"Transpose", 1, 1, shape_transpose, fold_transpose, lower_transpose},
    {"Unsqueeze", 1, 2, shape_unsqueeze, fold_reshape, lower_alias},
    {"Upsample", 1, 2, shape_resize, nullptr, lower_resize, limit_resize},
    {"Where", 3, 3, shape_where, fold_where, nullptr},
};

}  // namespace

std::span<const OnnxOp> onnx_ops() {
  return table;
}

const OnnxOp* find_onnx_op(const std::string& name) {
  const auto found = std::ranges::find_if(table, [&](const OnnxOp& op) { return name == op.name; });
  return found == std::end(table) ? nullptr : found;
}

}  // namespace tenfold::graph
