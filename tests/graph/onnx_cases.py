"""Small ONNX models, one a case, with inputs and ONNX Runtime's outputs.

usage: onnx_cases.py OUT_DIR [MODEL.onnx NAME=1,3,32,32]...

Writes NAME.onnx, NAME.in0 ..., NAME.out0 ... (dense float32) for each case, and index.txt with a line
"NAME inputs outputs ops" for each, ops being the
sorted operators that must be left after the passes, or "-" where any will do. Models named on the command line become cases too, seeded like the others; a shape
follows its model.
"""
import pathlib
import sys
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

F32 = TensorProto.FLOAT
OUT = pathlib.Path(sys.argv[1])
INDEX = []


# What the passes must leave of a case.
LEFT = {
    "matmul_bias": "reshape gemm relu reshape",
    "hswish_mul_div": "hard_swish",
    "hswish_div_mul": "hard_swish",
    "hswish_mul_sixth": "hard_swish",
    "hswish_hard_sigmoid": "hard_swish",
    "hsigmoid": "hard_sigmoid",
    "hsigmoid_first": "hard_sigmoid",
    "silu": "silu",
    "quick_gelu": "affine silu affine",
    "mish_apart": "mish",
    "softplus_apart": "softplus",
    "gelu_erf": "gelu",
    "gelu_erf_half_first": "gelu",
    "gelu_tanh_pow": "gelu_tanh",
    "gelu_tanh_mul": "gelu_tanh",
    "shuffle": "channel_shuffle",
    "shuffle_flat": "channel_shuffle",
    "shuffle_twice": "channel_shuffle channel_shuffle conv2d",
    "layer_norm_apart": "layer_norm reshape reshape",
    "layer_norm_2d_apart": "conv2d layer_norm reshape reshape transpose transpose",
    "instance_norm_apart": "instance_norm",
    "channels_last_mlp": "add conv2d gelu gemm gemm layer_norm reshape reshape transpose transpose",
    "weight_norm": "conv2d",
    "weight_standardisation": "conv2d",
    "conv_bn": "conv2d relu",
    "bn_grouped_conv": "conv2d",
    "scale_padded_conv": "conv2d",
    "shift_padded_conv": "bias conv2d",
    "conv_transpose_bn": "conv_transpose2d",
    "conv1d_bn": "reshape conv2d relu conv2d reshape",
    "gemm_bn": "gemm",
    "conv_affine": "conv2d",
    "conv_affine_shared": "conv2d affine add",
    "pad_conv": "conv2d",
    "pad_average": "avg_pool2d",
    "pad_average_own": "avg_pool2d pad",
    "pad_average_whole_window": "avg_pool2d pad",
    "pad_max": "max_pool2d",
    "pad_max_zero": "max_pool2d pad",
    "two_clips": "clip",
    "shapes": "reshape concat slice",
    "order": "relu add relu",
    "half_weights": "conv2d",
    "half_model": "conv2d relu",
    "constant_branch": "add",
    "two_outputs_alias": "relu map",
}


def rng(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def run(name, path, feeds, ops):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, feeds)
    for i, tensor in enumerate(session.get_inputs()):
        feeds[tensor.name].astype(np.float32).tofile(OUT / f"{name}.in{i}")
    for i, value in enumerate(outputs):
        value.astype(np.float32).tofile(OUT / f"{name}.out{i}")
    INDEX.append(f"{name} {len(session.get_inputs())} {len(outputs)} {','.join(sorted(ops.split())) or '-'}")


def case(name, opset, nodes, inputs, outputs=("y",), ir=8, positive=False, input_type=F32, **constants):
    """nodes: (op, inputs, outputs, attributes). Constants are initializers."""
    random = rng(name)
    protos = [helper.make_node(op, i.split(","), o.split(","), **a) for op, i, o, a in nodes]
    graph = helper.make_graph(
        protos, name,
        [helper.make_tensor_value_info(n, input_type, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, input_type, None) for n in outputs],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    path = OUT / f"{name}.onnx"
    onnx.save(model, path)
    dtype = helper.tensor_dtype_to_np_dtype(input_type)
    feeds = {n: random.standard_normal(s).astype(dtype) for n, s in inputs.items()}
    if positive:
        feeds = {n: np.abs(v) + np.float32(0.5) for n, v in feeds.items()}
    try:
        run(name, path, feeds, LEFT.get(name, ""))
    except Exception as error:  # every case must run: say which one did not
        raise SystemExit(f"case {name}: {error}")


def one(name, opset, op, shape, constants=None, positive=False, **attributes):
    """A single node over x and constants."""
    constants = constants or {}
    case(name, opset, [(op, ",".join(["x", *constants]), "y", attributes)], {"x": shape}, positive=positive,
         **{n: v for n, v in constants.items() if n})


def weights(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def ints(*values):
    return np.array(values, dtype=np.int64)


def f32(*values):
    return np.array(values, dtype=np.float32)


def scalar(value):
    return np.float32(value)


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
    one("group_norm_21", 21, "GroupNormalization", [2, 6, 3, 4], {"s": weights(6), "b": weights(6)}, num_groups=3)


def reductions():
    for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"):
        one(f"{op.lower()}_attribute", 11, op, [2, 3, 4, 5], axes=[1, -1], keepdims=0)
        one(f"{op.lower()}_input", 18, op, [2, 3, 4, 5], {"a": ints(-2)})
        one(f"{op.lower()}_all", 18, op, [2, 3, 4])
    one("reduce_log_sum", 18, "ReduceLogSum", [2, 3, 4], {"a": ints(1)}, positive=True)
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
    case("split_11", 11, [("Split", "x", "y,z", dict(axis=1, split=[2, 3]))], {"x": [2, 5, 3]}, outputs=("y", "z"))
    case("split_13", 13, [("Split", "x,s", "y,z", dict(axis=-2))], {"x": [2, 5, 3]}, outputs=("y", "z"), s=ints(1, 4))
    case("split_18", 18, [("Split", "x", "y,z,u", dict(axis=1, num_outputs=3))], {"x": [2, 7, 3]}, outputs=("y", "z", "u"))
    case("concat", 13, [("Concat", "a,c,b", "y", dict(axis=-2))], {"a": [2, 1, 3], "b": [2, 2, 3]}, c=weights(2, 2, 3))
    one("gather_scalar", 13, "Gather", [2, 5, 3], {"i": np.int64(-2)}, axis=1)
    one("gather_list", 13, "Gather", [2, 5, 3], {"i": ints(3, 0, -1)}, axis=1)
    one("expand", 13, "Expand", [3, 1], {"s": ints(2, 1, 4)})
    one("tile", 13, "Tile", [2, 3, 1], {"r": ints(1, 2, 4)})
    one("pad_9", 9, "Pad", [1, 2, 4, 5], mode="reflect", pads=[0, 0, 1, 2, 0, 0, 3, 1])
    one("pad_13", 13, "Pad", [1, 2, 4, 5], {"p": ints(0, 1, 1, 2, 0, 0, 3, 1), "v": scalar(1.5)})
    one("pad_negative", 13, "Pad", [1, 2, 4, 5], {"p": ints(0, 0, -1, 2, 0, 0, 1, -3), "v": scalar(1.5)})
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
    case("resize_sizes", 13, [("Resize", "x,,,s", "y", dict(mode="linear"))], {"x": [1, 2, 5, 6]}, s=ints(1, 2, 7, 11))
    case("resize_axes", 18, [("Resize", "x,,,s", "y", dict(mode="linear", axes=[3, 2]))], {"x": [1, 2, 5, 6]}, s=ints(7, 11))
    case("resize_policy", 18, [("Resize", "x,,,s", "y", dict(axes=[2, 3], keep_aspect_ratio_policy="not_larger"))],
         {"x": [1, 2, 5, 6]}, s=ints(9, 20))
    case("resize_cubic_excluded", 13, [("Resize", "x,,s", "y", dict(mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5))],
         {"x": [1, 2, 5, 6]}, s=f32(1, 1, 1.6, 2))
    case("resize_symmetric", 19, [("Resize", "x,,s", "y", dict(mode="linear", coordinate_transformation_mode="half_pixel_symmetric"))],
         {"x": [1, 2, 5, 6]}, s=f32(1, 1, 1.7, 2.2))


def patterns():
    three, six, zero = scalar(3), scalar(6), scalar(0)
    x = {"x": [1, 4, 6, 50]}
    gate = [("Add", "x,three", "a", {}), ("Clip", "a,zero,six", "c", {})]
    numbers = dict(three=three, six=six, zero=zero)
    case("hswish_mul_div", 13, gate + [("Mul", "x,c", "m", {}), ("Div", "m,six", "y", {})], x, **numbers)
    case("hswish_div_mul", 13, gate + [("Div", "c,six", "d", {}), ("Mul", "d,x", "y", {})], x, **numbers)
    case("hswish_mul_sixth", 13, gate + [("Mul", "x,c", "m", {}), ("Mul", "m,s", "y", {})], x, s=scalar(1 / 6), **numbers)
    case("hswish_hard_sigmoid", 13, [("HardSigmoid", "x", "h", dict(alpha=1 / 6, beta=0.5)), ("Mul", "x,h", "y", {})], x)
    case("hsigmoid", 13, gate + [("Div", "c,six", "y", {})], x, **numbers)
    case("hsigmoid_first", 13, [("Mul", "x,s", "m", {}), ("Add", "m,h", "a", {}), ("Clip", "a,zero,one", "y", {})], x,
         s=scalar(0.2), h=scalar(0.5), zero=zero, one=scalar(1))
    case("silu", 13, [("Sigmoid", "x", "s", {}), ("Mul", "x,s", "y", {})], x)
    case("quick_gelu", 13, [("Mul", "x,k", "m", {}), ("Sigmoid", "m", "s", {}), ("Mul", "x,s", "y", {})], x, k=scalar(1.702))
    case("mish_apart", 13, [("Softplus", "x", "p", {}), ("Tanh", "p", "t", {}), ("Mul", "x,t", "y", {})], x)
    case("softplus_apart", 13, [("Exp", "x", "e", {}), ("Add", "e,one", "a", {}), ("Log", "a", "y", {})], x, one=scalar(1))
    erf = [("Div", "x,r", "d", {}), ("Erf", "d", "e", {}), ("Add", "e,one", "a", {})]
    case("gelu_erf", 13, erf + [("Mul", "x,a", "m", {}), ("Mul", "m,half", "y", {})], x, r=scalar(2**0.5), one=scalar(1), half=scalar(0.5))
    case("gelu_erf_half_first", 13, [("Mul", "x,half", "h", {})] + erf + [("Mul", "h,a", "y", {})], x, r=scalar(2**0.5),
         one=scalar(1), half=scalar(0.5))
    tanh = [("Mul", "q,k", "u", {}), ("Tanh", "u", "t", {}), ("Add", "t,one", "a", {}), ("Mul", "x,half", "h", {}), ("Mul", "h,a", "y", {})]
    case("gelu_tanh_pow", 13, [("Pow", "x,three", "p", {}), ("Mul", "p,c", "s", {}), ("Add", "x,s", "q", {})] + tanh, x,
         three=three, c=scalar(0.044715), k=scalar((2 / np.pi) ** 0.5), one=scalar(1), half=scalar(0.5))
    case("gelu_tanh_mul", 13, [("Mul", "x,x", "p", {}), ("Mul", "p,x", "p3", {}), ("Mul", "p3,c", "s", {}), ("Add", "x,s", "q", {})] + tanh, x,
         c=scalar(0.044715), k=scalar((2 / np.pi) ** 0.5), one=scalar(1), half=scalar(0.5))
    case("shuffle", 13, [("Reshape", "x,a", "r", {}), ("Transpose", "r", "t", dict(perm=[0, 2, 1, 3, 4])), ("Reshape", "t,b", "y", {})],
         {"x": [2, 6, 3, 4]}, a=ints(2, 3, 2, 3, 4), b=ints(2, 6, 3, 4))
    case("shuffle_flat", 13, [("Reshape", "x,a", "r", {}), ("Transpose", "r", "t", dict(perm=[0, 2, 1, 3])), ("Reshape", "t,b", "y", {})],
         {"x": [2, 6, 3, 4]}, a=ints(2, 2, 3, 12), b=ints(2, 6, 3, 4))
    bn = dict(s=weights(6), b=weights(6, seed=1), m=weights(6, seed=2), v=np.abs(weights(6, seed=3)))
    case("conv_bn", 13, [("Conv", "x,w", "c", dict(pads=[1, 1, 1, 1])), ("BatchNormalization", "c,s,b,m,v", "n", {}), ("Relu", "n", "y", {})],
         {"x": [1, 3, 5, 6]}, w=weights(6, 3, 3, 3), **bn)
    case("bn_grouped_conv", 13, [("BatchNormalization", "x,s,b,m,v", "n", {}), ("Conv", "n,w", "y", dict(group=2))],
         {"x": [1, 6, 5, 6]}, w=weights(4, 3, 3, 3), **bn)
    case("scale_padded_conv", 13, [("Mul", "x,k", "n", {}), ("Conv", "n,w,b", "y", dict(pads=[1, 1, 1, 1]))], {"x": [1, 3, 5, 6]},
         k=weights(3, 1, 1), w=weights(4, 3, 3, 3), b=weights(4))
    case("shift_padded_conv", 13, [("Add", "x,k", "n", {}), ("Conv", "n,w,b", "y", dict(pads=[1, 1, 1, 1]))], {"x": [1, 3, 5, 6]},
         k=weights(3, 1, 1), w=weights(4, 3, 3, 3), b=weights(4))
    case("conv_transpose_bn", 13, [("ConvTranspose", "x,w", "c", dict(group=2, strides=[2, 2])), ("BatchNormalization", "c,s,b,m,v", "y", {})],
         {"x": [1, 4, 5, 6]}, w=weights(4, 3, 2, 2), **bn)
    case("conv1d_bn", 13, [("Conv", "x,w", "c", {}), ("BatchNormalization", "c,s,b,m,v", "n", {}), ("Relu", "n", "r", {}),
                           ("Conv", "r,w2", "y", {})], {"x": [1, 3, 9]}, w=weights(6, 3, 3), w2=weights(2, 6, 3), **bn)
    case("gemm_bn", 13, [("MatMul", "x,w", "c", {}), ("BatchNormalization", "c,s,b,m,v", "y", {})], {"x": [3, 5]}, w=weights(5, 6), **bn)
    case("conv_affine", 13, [("Conv", "x,w,b", "c", {}), ("Mul", "k,c", "m", {}), ("Add", "m,t", "y", {})], {"x": [1, 3, 5, 6]},
         w=weights(4, 3, 3, 3), b=weights(4), k=f32(0.7), t=f32(-0.2))
    case("conv_affine_shared", 13, [("Conv", "x,w,b", "c", {}), ("Mul", "k,c", "m", {}), ("Add", "m,c", "y", {})], {"x": [1, 3, 5, 6]},
         w=weights(4, 3, 3, 3), b=weights(4), k=f32(0.7))
    pads = ints(0, 0, 1, 2, 0, 0, 0, 1)
    case("pad_conv", 13, [("Pad", "x,p", "t", {}), ("Conv", "t,w", "y", dict(pads=[1, 0, 0, 1]))], {"x": [1, 3, 5, 6]}, p=pads, w=weights(4, 3, 3, 3))
    case("pad_average", 13, [("Pad", "x,p", "t", {}), ("AveragePool", "t", "y", dict(kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1))],
         {"x": [1, 3, 6, 6]}, p=pads)
    case("pad_average_own", 13, [("Pad", "x,p", "t", {}), ("AveragePool", "t", "y", dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1]))],
         {"x": [1, 3, 6, 6]}, p=pads)
    case("pad_average_whole_window", 13,
         [("Pad", "x,p", "t", {}),
          ("AveragePool", "t", "y", dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1))],
         {"x": [1, 3, 6, 5]}, p=ints(0, 0, 0, 0, 0, 0, 0, 2))
    case("pad_max", 13, [("Pad", "x,p,v", "t", {}), ("MaxPool", "t", "y", dict(kernel_shape=[3, 3]))], {"x": [1, 3, 6, 6]}, p=pads,
         v=scalar(-np.inf))
    case("pad_max_zero", 13, [("Pad", "x,p", "t", {}), ("MaxPool", "t", "y", dict(kernel_shape=[3, 3]))], {"x": [1, 3, 6, 6]}, p=pads)
    shuffle = lambda a, b, i: [("Reshape", f"{a},split", f"r{i}", {}), ("Transpose", f"r{i}", f"t{i}", dict(perm=[0, 2, 1, 3, 4])),
                               ("Reshape", f"t{i},whole", b, {})]
    case("shuffle_twice", 13, shuffle("x", "s", 0) + shuffle("s", "u", 1) + [("Conv", "u,w", "y", {})], {"x": [1, 6, 3, 4]},
         split=ints(1, 2, 3, 3, 4), whole=ints(1, 6, 3, 4), w=weights(4, 6, 1, 1))
    norm = lambda x, y, axes: [("ReduceMean", x, y + "m", dict(axes=axes)), ("Sub", f"{x},{y}m", y + "d", {}), ("Pow", f"{y}d,two", y + "s", {}),
                               ("ReduceMean", y + "s", y + "v", dict(axes=axes)), ("Add", f"{y}v,eps", y + "e", {}), ("Sqrt", y + "e", y + "q", {}),
                               ("Div", f"{y}d,{y}q", y, {})]
    numbers = dict(two=f32(2), eps=f32(1e-5))
    case("layer_norm_apart", 13, norm("x", "n", [-1]) + [("Mul", "n,g", "o", {}), ("Add", "o,b", "y", {})], {"x": [2, 5, 6]}, g=weights(6),
         b=weights(6), **numbers)
    case("layer_norm_2d_apart", 13, [("Conv", "x,w", "c", {})] + norm("c", "n", [1]) + [("Mul", "g,n", "o", {}), ("Add", "o,b", "y", {})],
         {"x": [2, 3, 4, 5]}, w=weights(6, 3, 1, 1), g=weights(6, 1, 1), b=weights(6, 1, 1), **numbers)
    case("instance_norm_apart", 13, norm("x", "y", [2, 3]), {"x": [2, 3, 4, 5]}, **numbers)
    case("channels_last_mlp", 17,
         [("Conv", "x,w,wb", "c", dict(group=6, pads=[1, 1, 1, 1])), ("Transpose", "c", "t", dict(perm=[0, 2, 3, 1])),
          ("LayerNormalization", "t,g,b", "n", {}), ("MatMul", "n,up", "u", {}), ("Add", "u,ub", "a", {}), ("Div", "a,root", "d", {}),
          ("Erf", "d", "e", {}), ("Add", "e,one", "f", {}), ("Mul", "a,f", "h", {}), ("Mul", "h,half", "k", {}), ("MatMul", "k,down", "m", {}),
          ("Add", "db,m", "o", {}), ("Mul", "s,o", "z", {}), ("Transpose", "z", "back", dict(perm=[0, 3, 1, 2])), ("Add", "x,back", "y", {})],
         {"x": [2, 6, 5, 7]}, w=weights(6, 1, 3, 3), wb=weights(6), g=weights(6), b=weights(6), up=weights(6, 12), ub=weights(12),
         down=weights(12, 6), db=weights(6), s=weights(6), root=f32(2**0.5), one=f32(1), half=f32(0.5))
    case("weight_norm", 13, [("ReduceL2", "v", "l", dict(axes=[1, 2, 3])), ("Div", "v,l", "u", {}), ("Mul", "g,u", "w", {}), ("Conv", "x,w", "y", {})],
         {"x": [1, 3, 5, 6]}, v=weights(4, 3, 3, 3), g=weights(4, 1, 1, 1))
    case("weight_standardisation", 13, norm("v", "w", [1, 2, 3]) + [("Conv", "x,w", "y", {})], {"x": [1, 3, 5, 6]}, v=weights(4, 3, 3, 3), **numbers)
    case("two_clips", 13, [("Relu", "x", "r", {}), ("Min", "r,six", "y", {})], x, six=scalar(0.75))
    case("shapes", 13, [("Shape", "x", "s", {}), ("Gather", "s,one", "g", dict(axis=0)), ("Div", "g,two", "h", {}), ("Mul", "h,two", "e", {}),
                        ("Slice", "x,h,e,one", "z", {}), ("Cast", "s", "f", dict(to=1)), ("Cast", "f", "i", dict(to=7)),
                        ("Slice", "i,zero,two", "n", {}), ("Concat", "n,minus", "t", dict(axis=0)), ("Reshape", "x,t", "u", {}),
                        ("Concat", "u,u", "y", dict(axis=2))],
         {"x": [2, 6, 3, 4]}, outputs=("y", "z"), one=ints(1), two=ints(2), zero=ints(0), minus=ints(-1))
    case("order", 13, [("Relu", "b", "y", {}), ("Add", "a,x", "b", {}), ("Relu", "x", "a", {})], {"x": [2, 3]})
    case("half_weights", 13, [("Cast", "w", "f", dict(to=1)), ("Conv", "x,f", "y", {})], {"x": [1, 3, 5, 6]}, w=weights(4, 3, 3, 3).astype(np.float16))
    case("half_model", 13, [("Conv", "x,w", "c", {}), ("Relu", "c", "y", {})], {"x": [1, 3, 5, 6]}, input_type=TensorProto.FLOAT16,
         w=weights(4, 3, 3, 3).astype(np.float16))
    case("constant_branch", 13, [("Softmax", "c", "s", {}), ("Transpose", "s", "t", dict(perm=[1, 0])), ("Add", "x,t", "y", {})], {"x": [3, 2]}, c=weights(2, 3))
    case("two_outputs_alias", 13, [("Relu", "x", "y", {}), ("Identity", "y", "z", {})], {"x": [2, 3]}, outputs=("y", "z"))


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
