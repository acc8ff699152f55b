"""Small ONNX models, one a case, with inputs and ONNX Runtime's outputs.

usage: onnx_cases.py OUT_DIR [MODEL.onnx NAME=1,3,32,32]...

Writes NAME.onnx, NAME.in0 ..., NAME.out0 ... (dense float32) for each case, and index.txt with a line
"NAME inputs outputs ops" for each, ops being the
sorted operators that must be left after the passes, or "-" where any will do. Models named on the command line become cases too, seeded like the others; a shape
follows its model.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

from onnx_case import F32, INDEX, OUT, case, f32, ints, one, rng, run, scalar, weights
from onnx_patterns import patterns


def windows():
    one("conv", 11, "Conv", [2, 5, 9, 7], {"w": weights(6, 5, 3, 3), "b": weights(6)}, pads=[0, 1, 2, 1], strides=[2, 1])
    one("conv_groups", 7, "Conv", [3, 6, 8, 8], {"w": weights(9, 2, 3, 2)}, group=3, dilations=[2, 1])
    one("conv_same_upper", 11, "Conv", [1, 3, 8, 9], {"w": weights(4, 3, 4, 3)}, auto_pad="SAME_UPPER", strides=[3, 2])
    one("conv_same_lower", 11, "Conv", [1, 3, 8, 9], {"w": weights(4, 3, 4, 3)}, auto_pad="SAME_LOWER", strides=[3, 2])
    one("conv_valid", 11, "Conv", [1, 3, 8, 9], {"w": weights(4, 3, 4, 3)}, auto_pad="VALID")
    one("conv1d", 11, "Conv", [2, 4, 11], {"w": weights(6, 2, 3), "b": weights(6)}, group=2, pads=[1, 2], strides=[2])
    one("conv_transpose", 11, "ConvTranspose", [2, 4, 5, 6], {"w": weights(4, 3, 3, 2), "b": weights(3)},
        strides=[2, 3], pads=[1, 0, 0, 1], output_padding=[1, 1])
    one("conv_transpose_groups", 11, "ConvTranspose", [1, 6, 5, 4], {"w": weights(6, 2, 3, 3)}, group=3, dilations=[2, 1])
    one("conv_transpose_shape", 11, "ConvTranspose", [1, 3, 5, 4], {"w": weights(3, 2, 3, 3)}, strides=[2, 2],
        output_shape=[10, 8])
    one("conv_transpose_1d", 11, "ConvTranspose", [1, 3, 5], {"w": weights(3, 2, 4)}, strides=[2], pads=[1, 1])
    one("max_pool", 12, "MaxPool", [2, 3, 9, 10], kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 1, 1], dilations=[2, 1])
    one("max_pool_ceil", 12, "MaxPool", [1, 3, 10, 9], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    one("avg_pool", 11, "AveragePool", [1, 3, 9, 10], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 1])
    one("avg_pool_count", 11, "AveragePool", [1, 3, 9, 10], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
        count_include_pad=1)
    one("avg_pool_ceil", 19, "AveragePool", [1, 3, 10, 9], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 1, 0], ceil_mode=1)
    one("avg_pool_same", 11, "AveragePool", [1, 3, 10, 9], kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    one("pool_1d", 11, "AveragePool", [1, 3, 10], kernel_shape=[3], strides=[2])
    one("lp_pool", 11, "LpPool", [1, 3, 9, 8], kernel_shape=[3, 3], strides=[2, 2], p=2)
    one("global_avg", 7, "GlobalAveragePool", [2, 3, 5, 7])
    one("global_max_1d", 7, "GlobalMaxPool", [2, 3, 5])
    one("avg_pool_whole", 11, "AveragePool", [2, 3, 5, 7], kernel_shape=[5, 7])
    one("lrn", 13, "LRN", [2, 7, 3, 4], size=5, alpha=0.1, beta=0.6, bias=1.5)
    case("deform", 19, [("DeformConv", "x,w,o,b,m", "y", dict(pads=[1, 1, 0, 1], strides=[2, 1], group=2, offset_group=2))],
         {"x": [2, 4, 7, 6], "o": [2, 36, 3, 6], "m": [2, 18, 3, 6]}, w=weights(6, 2, 3, 3), b=weights(6))
    case("deform_plain", 19, [("DeformConv", "x,w,o", "y", dict(pads=[2, 2, 2, 2], dilations=[2, 2]))],
         {"x": [1, 3, 6, 6], "o": [1, 18, 6, 6]}, w=weights(5, 3, 3, 3))


def products():
    one("gemm", 13, "Gemm", [3, 5], {"w": weights(5, 7), "c": weights(7)}, alpha=0.5, beta=2.0)
    one("gemm_trans", 7, "Gemm", [5, 3], {"w": weights(7, 5), "c": weights(1, 7)}, transA=1, transB=1)
    one("gemm_matrix_c", 13, "Gemm", [3, 5], {"w": weights(5, 7), "c": weights(3, 1)}, beta=0.5)
    one("gemm_no_c", 13, "Gemm", [3, 5], {"w": weights(5, 7)})
    case("gemm_computed", 13, [("Gemm", "a,b,c", "y", dict(transB=1, alpha=0.5))], {"a": [3, 5], "b": [7, 5], "c": [7]})
    one("matmul_2d", 13, "MatMul", [3, 5], {"w": weights(5, 7)})
    one("matmul_nd", 13, "MatMul", [2, 4, 3, 5], {"w": weights(5, 7)})
    one("matmul_vector", 13, "MatMul", [2, 3, 5], {"w": weights(5)})
    one("matmul_batch_one", 13, "MatMul", [2, 3, 5], {"w": weights(1, 5, 4)})
    case("matmul_left", 13, [("MatMul", "w,x", "y", {})], {"x": [2, 5, 3]}, w=weights(4, 5))
    case("matmul_computed", 13, [("MatMul", "a,b", "y", {})], {"a": [2, 1, 3, 5], "b": [4, 5, 2]})
    case("matmul_bias", 13, [("MatMul", "x,w", "t", {}), ("Add", "t,b", "u", {}), ("Relu", "u", "y", {})], {"x": [2, 4, 5]},
         w=weights(5, 7), b=weights(7))


def functions():
    for op in ("Relu", "Sigmoid", "Tanh", "Softplus", "Erf", "Exp", "Abs", "Neg", "Floor", "Ceil", "Softsign"):
        one(op.lower(), 13, op, [2, 3, 4])
    one("round", 11, "Round", [2, 3, 40])
    for op in ("Log", "Sqrt", "Reciprocal"):
        one(op.lower(), 13, op, [2, 3, 4], positive=True)
    one("leaky_relu", 7, "LeakyRelu", [2, 3], alpha=0.3)
    one("elu", 7, "Elu", [2, 3], alpha=0.3)
    one("selu", 7, "Selu", [2, 3])
    one("selu_own", 7, "Selu", [2, 3], alpha=1.5, gamma=2.0)
    one("celu", 12, "Celu", [2, 3], alpha=0.7)
    one("hard_sigmoid", 7, "HardSigmoid", [2, 3], alpha=0.3, beta=0.4)
    one("hard_swish", 14, "HardSwish", [2, 30])
    one("mish", 18, "Mish", [2, 3])
    one("swish", 24, "Swish", [2, 3])
    one("swish_alpha", 24, "Swish", [2, 3], alpha=1.7)
    one("gelu", 20, "Gelu", [2, 3])
    one("gelu_tanh", 20, "Gelu", [2, 3], approximate="tanh")
    one("clip_7", 7, "Clip", [2, 30], min=-0.5, max=0.25)
    one("clip_11", 11, "Clip", [2, 30], {"": None, "high": scalar(0.5)})
    one("clip_low", 13, "Clip", [2, 30], {"low": scalar(0.0)})
    one("prelu_channel", 9, "PRelu", [2, 3, 4, 5], {"s": weights(3, 1, 1)})
    one("prelu_scalar", 16, "PRelu", [2, 3, 4, 5], {"s": weights(1)})
    one("prelu_3d", 16, "PRelu", [2, 3, 4], {"s": weights(3, 1)})
    one("pow_2", 13, "Pow", [2, 3], {"e": scalar(2)})
    one("pow_half", 13, "Pow", [2, 3], {"e": scalar(0.5)}, positive=True)
    one("pow_other", 13, "Pow", [2, 3], {"e": scalar(1.7)}, positive=True)
    one("identity", 13, "Identity", [2, 3])
    one("dropout_7", 7, "Dropout", [2, 3], ratio=0.3)
    one("dropout_13", 13, "Dropout", [2, 3])
    one("softmax_11", 11, "Softmax", [2, 3, 4, 5], axis=1)
    one("softmax_11_last", 11, "Softmax", [2, 3], axis=-1)
    one("softmax_13", 13, "Softmax", [2, 3, 4, 5], axis=1)
    one("log_softmax", 13, "LogSoftmax", [2, 3, 4])


def binaries():
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
        for name, constant in (("scalar", scalar(0.75)), ("channel", weights(3, 1, 1)), ("one", weights(1, 1, 1, 1)),
                               ("last", weights(5)), ("whole", weights(2, 3, 4, 5)), ("wider", weights(2, 1, 3, 1, 5))):
            shape = [2, 3, 4, 5]
            case(f"{op.lower()}_{name}", 13, [(op, "x,c", "y", {})], {"x": shape}, c=constant)
            case(f"{op.lower()}_{name}_first", 13, [(op, "c,x", "y", {})], {"x": shape}, positive=True, c=constant)
        case(f"{op.lower()}_computed", 13, [(op, "a,b", "y", {})], {"a": [3, 1, 1], "b": [2, 3, 4, 5]}, positive=True)
        case(f"{op.lower()}_both", 13, [(op, "a,b", "y", {})], {"a": [3, 4, 1], "b": [2, 1, 1, 5]}, positive=True)
    one("add_channel_3d", 13, "Add", [2, 3, 4], {"c": weights(3, 1)})
    one("mul_channel_5d", 13, "Mul", [2, 3, 2, 4, 2], {"c": weights(3, 1, 1, 1)})
    one("add_last_2d", 13, "Add", [2, 5], {"c": weights(5)})
    for op in ("Sum", "Mean", "Max", "Min"):
        case(f"{op.lower()}_three", 13, [(op, "a,c,b,d", "y", {})], {"a": [2, 3, 4], "b": [3, 1]}, c=weights(1, 4), d=weights(4))
        case(f"{op.lower()}_constants_first", 13, [(op, "c,d,a", "y", {})], {"a": [2, 3, 4]}, c=weights(3, 1), d=weights(4))


def norms():
    one("batch_norm", 9, "BatchNormalization", [2, 3, 4, 5],
        {"s": weights(3), "b": weights(3), "m": weights(3), "v": np.abs(weights(3))}, epsilon=1e-3)
    one("batch_norm_2d", 15, "BatchNormalization", [2, 3],
        {"s": weights(3), "b": weights(3), "m": weights(3), "v": np.abs(weights(3))})
    one("batch_norm_3d", 15, "BatchNormalization", [2, 3, 4],
        {"s": weights(3), "b": weights(3), "m": weights(3), "v": np.abs(weights(3))})
    one("instance_norm", 7, "InstanceNormalization", [2, 3, 4, 5], {"s": weights(3), "b": weights(3)}, epsilon=1e-3)
    one("instance_norm_3d", 7, "InstanceNormalization", [2, 3, 6], {"s": weights(3), "b": weights(3)})
    one("layer_norm", 17, "LayerNormalization", [2, 3, 4, 5], {"s": weights(4, 5), "b": weights(4, 5)}, axis=2, epsilon=1e-3)
    one("layer_norm_last", 17, "LayerNormalization", [2, 3, 6], {"s": weights(6)})
    one("layer_norm_spread", 17, "LayerNormalization", [2, 3, 4, 5], {"s": weights(3, 1, 1), "b": weights(5)}, axis=1)
    one("rms_norm", 23, "RMSNormalization", [2, 3, 4, 5], {"s": weights(4, 5)}, axis=2, epsilon=1e-3)
    one("rms_norm_last", 23, "RMSNormalization", [2, 3, 6], {"s": weights(6)})
    one("lp_norm", 13, "LpNormalization", [2, 3, 4, 5], axis=1)
    one("lp_norm_1", 22, "LpNormalization", [2, 3, 6], p=1)
    one("group_norm_21", 21, "GroupNormalization", [2, 6, 3, 4], {"s": weights(6), "b": weights(6)}, num_groups=3)


def reductions():
    for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"):
        one(f"{op.lower()}_attribute", 11, op, [2, 3, 4, 5], axes=[1, -1], keepdims=0)
        one(f"{op.lower()}_input", 18, op, [2, 3, 4, 5], {"a": ints(-2)})
        one(f"{op.lower()}_all", 18, op, [2, 3, 4])
    for op in ("ArgMax", "ArgMin"):
        case(op.lower(), 13, [(op, "x", "p", dict(axis=-2, keepdims=0)), ("Cast", "p", "i", dict(to=6)), ("Unsqueeze", "i,a", "y", {})],
             {"x": [2, 3, 4, 5]}, output_type=TensorProto.INT32, a=ints(1))
        case(f"{op.lower()}_last", 13, [("Round", "x", "r", {}), (op, "r", "y", dict(axis=1, select_last_index=1))], {"x": [2, 7, 4, 5]},
             output_type=TensorProto.INT64)
        case(f"{op.lower()}_infinite", 13, [("Relu", "x", "r", {}), ("Log", "r", "l", {}), (op, "l", "p", dict(axis=-1)), ("Cast", "p", "y", dict(to=1))],
             {"x": [2, 3, 9, 2]})
        case(f"{op.lower()}_line", 13, [("Round", "x", "r", {}), (op, "r", "p", dict(axis=2)), ("Cast", "p", "y", dict(to=1))], {"x": [2, 3, 40]})
    one("reduce_log_sum", 18, "ReduceLogSum", [2, 3, 4], {"a": ints(1)}, positive=True)
    one("reduce_log_sum_exp", 18, "ReduceLogSumExp", [2, 3, 4, 5], {"a": ints(1, -1)}, keepdims=0)
    one("reduce_log_sum_exp_11", 11, "ReduceLogSumExp", [2, 3, 4], axes=[2])
    one("reduce_pixels", 11, "ReduceMean", [2, 3, 4, 5], axes=[2, 3], keepdims=0)
    one("reduce_pixels_negative", 18, "ReduceMean", [2, 3, 4, 5], {"a": ints(-1, -2)}, keepdims=1)
    one("reduce_noop", 18, "ReduceSum", [2, 3, 4], noop_with_empty_axes=1)
    for op in ("ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceMean"):
        one(f"{op}_noop", 18, op, [2, 3, 4], noop_with_empty_axes=1)


def movements():
    one("reshape", 13, "Reshape", [2, 3, 4, 5], {"s": ints(0, -1, 10)})
    one("flatten", 13, "Flatten", [2, 3, 4, 5], axis=-2)
    one("squeeze_11", 11, "Squeeze", [2, 1, 4, 1], axes=[1])
    one("squeeze_13", 13, "Squeeze", [2, 1, 4, 1])
    one("unsqueeze_11", 11, "Unsqueeze", [2, 3], axes=[0, 3])
    one("unsqueeze_13", 13, "Unsqueeze", [2, 3], {"a": ints(-1, 1)})
    one("transpose", 13, "Transpose", [2, 3, 4, 5], perm=[0, 2, 3, 1])
    one("transpose_default", 13, "Transpose", [2, 3, 4])
    one("transpose_ones", 13, "Transpose", [2, 1, 4, 1], perm=[0, 2, 1, 3])
    one("slice_9", 9, "Slice", [2, 6, 7, 5], starts=[1, -4], ends=[100, -1], axes=[1, 2])
    one("slice_13", 13, "Slice", [2, 6, 7, 5], {"s": ints(1, -6), "e": ints(6, 2**62), "a": ints(1, -2), "t": ints(2, 3)})
    one("slice_backwards", 13, "Slice", [2, 6, 7, 5], {"s": ints(-1), "e": ints(-2**63), "a": ints(3), "t": ints(-1)})
    one("slice_both_ways", 13, "Slice", [2, 6, 7, 5], {"s": ints(5, 0, 6), "e": ints(0, 5, -99), "a": ints(1, 3, 2), "t": ints(-2, 2, -3)})
    case("split_11", 11, [("Split", "x", "y,z", dict(axis=1, split=[2, 3]))], {"x": [2, 5, 3]}, outputs=("y", "z"))
    case("split_13", 13, [("Split", "x,s", "y,z", dict(axis=-2))], {"x": [2, 5, 3]}, outputs=("y", "z"), s=ints(1, 4))
    case("split_18", 18, [("Split", "x", "y,z,u", dict(axis=1, num_outputs=3))], {"x": [2, 7, 3]}, outputs=("y", "z", "u"))
    case("concat", 13, [("Concat", "a,c,b", "y", dict(axis=-2))], {"a": [2, 1, 3], "b": [2, 2, 3]}, c=weights(2, 2, 3))
    case("concat_of_reshape", 13, [("Reshape", "x,s", "r", {}), ("Concat", "r,b", "y", dict(axis=1))],
         {"x": [2, 6, 5], "b": [3, 4, 4]}, s=ints(3, 5, 4))
    case("concat_nothing", 13, [("Concat", "e,a", "y", dict(axis=1)), ("Concat", "y,e,a", "z", dict(axis=1))], {"a": [2, 4, 3]},
         outputs=("y", "z"), e=weights(2, 0, 3))
    one("gather_scalar", 13, "Gather", [2, 5, 3], {"i": np.int64(-2)}, axis=1)
    one("gather_list", 13, "Gather", [2, 5, 3], {"i": ints(3, 0, -1)}, axis=1)
    one("gather_runs", 13, "Gather", [2, 90, 3], {"i": ints(*range(70), 5, *range(4, 90, 3), -1, 0)}, axis=1)
    one("gather_map", 13, "Gather", [2, 40, 4, 3], {"i": ints(*(7 * i % 40 - 40 * (i % 2) for i in range(55)))}, axis=1)
    one("gather_rows", 13, "Gather", [2, 3, 9, 5], {"i": np.int64([[8, 7, 5, 5, 0, -2, 3], [3, 1, 8, -9, 2, 0, 6]])}, axis=2)
    one("gather_step", 13, "Gather", [2, 9, 4, 3], {"i": ints(1, 3, 5, 7)}, axis=1)
    one("gather_shuffle", 13, "Gather", [2, 270, 3, 2], {"i": ints(*(i + 90 * g for i in range(90) for g in range(3)))}, axis=1)
    one("gather_nd", 13, "GatherND", [5, 2, 3], {"i": np.int64([[[3], [0]], [[-1], [3]]])})
    one("expand", 13, "Expand", [3, 1], {"s": ints(2, 1, 4)})
    one("tile", 13, "Tile", [2, 3, 1], {"r": ints(1, 2, 4)})
    one("pad_9", 9, "Pad", [1, 2, 4, 5], mode="reflect", pads=[0, 0, 1, 2, 0, 0, 3, 1])
    one("pad_13", 13, "Pad", [1, 2, 4, 5], {"p": ints(0, 1, 1, 2, 0, 0, 3, 1), "v": scalar(1.5)})
    one("pad_negative", 13, "Pad", [1, 2, 4, 5], {"p": ints(0, 0, -1, 2, 0, 0, 1, -3), "v": scalar(1.5)})
    one("pad_wrap", 19, "Pad", [1, 3, 4, 5], {"p": ints(0, 2, 1, 5, 0, 0, 4, 2)}, mode="wrap")
    case("pad_wrap_computed", 19, [("Conv", "x,w", "c", {}), ("Pad", "c,p", "y", dict(mode="wrap"))], {"x": [2, 3, 6, 5]},
         w=weights(5, 3, 3, 2), p=ints(0, 0, 2, 1, 0, 3, 4, 0))
    one("pad_edge_18", 18, "Pad", [1, 2, 4, 5], {"p": ints(1, 2, 0, 1), "": None, "a": ints(-1, 2)}, mode="edge")
    one("depth_to_space", 13, "DepthToSpace", [2, 12, 3, 2], blocksize=2)
    one("depth_to_space_crd", 13, "DepthToSpace", [2, 12, 3, 2], blocksize=2, mode="CRD")
    one("space_to_depth", 13, "SpaceToDepth", [2, 3, 4, 6], blocksize=2)


def resizes():
    scales = f32(1, 1, 2, 1.5)
    one("upsample_7", 7, "Upsample", [1, 2, 3, 4], scales=[1.0, 1.0, 2.0, 3.0])
    one("upsample_9", 9, "Upsample", [1, 2, 3, 4], {"s": scales}, mode="linear")
    one("resize_10", 10, "Resize", [1, 2, 3, 4], {"s": scales})
    one("resize_10_shrinks", 10, "Resize", [1, 2, 6, 8], {"s": f32(1, 1, 0.5, 0.7)})
    one("resize_10_both_ways", 10, "Resize", [1, 2, 7, 6], {"s": f32(1, 1, 3, 0.7)})
    for mode in ("nearest", "linear", "cubic"):
        for coordinate in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"):
            one(f"resize_{mode}_{coordinate}", 13, "Resize", [1, 2, 5, 6], {"": None, "s": f32(1, 1, 1.7, 0.6)}, mode=mode,
                coordinate_transformation_mode=coordinate)
    for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        one(f"resize_{rounding}", 13, "Resize", [1, 2, 4, 6], {"": None, "s": f32(1, 1, 2, 0.5)}, nearest_mode=rounding)
    for scales, rounding in ((f32(1, 1, 2, 3), "floor"), (f32(1, 1, 1.7, 0.6), "floor"), (f32(1, 1, 2, 0.5), "round_prefer_ceil")):
        one(f"resize_tf_{scales[2]:.1f}_{rounding}", 11, "Resize", [1, 2, 5, 6], {"roi": f32(), "s": scales},
            coordinate_transformation_mode="tf_half_pixel_for_nn", nearest_mode=rounding)
    one("resize_channels_last", 13, "Resize", [2, 5, 6, 3], {"": None, "s": f32(1, 2, 1.5, 1)}, mode="linear")
    one("upsample_9_channels_last", 9, "Upsample", [1, 5, 6, 3], {"s": f32(1, 2, 3, 1)})
    one("resize_10_channels_last", 10, "Resize", [2, 7, 6, 3], {"s": f32(1, 3, 0.7, 1)})
    case("resize_axes_channels_last", 18, [("Resize", "x,,,s", "y", dict(mode="linear", axes=[1, 2]))], {"x": [1, 5, 6, 3]},
         s=ints(7, 11))
    one("resize_channels_last_rows", 13, "Resize", [2, 5, 6, 3], {"": None, "s": f32(1, 3, 1, 1)})
    case("resize_sizes", 13, [("Resize", "x,,,s", "y", dict(mode="linear"))], {"x": [1, 2, 5, 6]}, s=ints(1, 2, 7, 11))
    case("resize_axes", 18, [("Resize", "x,,,s", "y", dict(mode="linear", axes=[3, 2]))], {"x": [1, 2, 5, 6]}, s=ints(7, 11))
    case("resize_policy", 18, [("Resize", "x,,,s", "y", dict(axes=[2, 3], keep_aspect_ratio_policy="not_larger"))],
         {"x": [1, 2, 5, 6]}, s=ints(9, 20))
    case("resize_cubic_excluded", 13, [("Resize", "x,,s", "y", dict(mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5))],
         {"x": [1, 2, 5, 6]}, s=f32(1, 1, 1.6, 2))
    case("resize_symmetric", 19, [("Resize", "x,,s", "y", dict(mode="linear", coordinate_transformation_mode="half_pixel_symmetric"))],
         {"x": [1, 2, 5, 6]}, s=f32(1, 1, 1.7, 2.2))


def files(arguments):
    while arguments:
        path = pathlib.Path(arguments.pop(0))
        shape = [int(n) for n in arguments.pop(0).split("=")[1].split(",")]
        name = "file_" + path.stem
        model = onnx.load(path)
        for dim, extent in zip(model.graph.input[0].type.tensor_type.shape.dim, shape):
            dim.dim_value = extent
        # What the last node reads is an output too: the detector's sigmoid is nearly 0 on noise.
        model.graph.output.append(helper.make_tensor_value_info(model.graph.node[-1].input[0], F32, None))
        onnx.save(model, OUT / f"{name}.onnx")
        run(name, OUT / f"{name}.onnx", {model.graph.input[0].name: rng(name).standard_normal(shape).astype(np.float32)}, "")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for group in (windows, products, functions, binaries, norms, reductions, movements, resizes, patterns):
        group()
    files(sys.argv[2:])
    (OUT / "index.txt").write_text("\n".join(INDEX) + "\n")
