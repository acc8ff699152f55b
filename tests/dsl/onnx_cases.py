"""One-node ONNX models and what ONNX Runtime makes of them, for the plain references to be held against.

usage: onnx_cases.py FOLDER

Writes FOLDER/cases: for each case a task's text, then `input FILE`, `param FILE` and `output FILE` lines, then an empty
line. Files are raw little-endian float32, feature maps in N, H, W, C order, params in the model's own.
"""
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

folder = sys.argv[1]
random = np.random.default_rng(7)
cases = open(os.path.join(folder, "cases"), "w")
count = 0


def values(*shape):
    return random.standard_normal(shape).astype(np.float32)


def nhwc(array):
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if array.ndim == 4 else array


def view(array):
    strides = [int(np.prod(array.shape[i + 1:])) for i in range(array.ndim)]
    return "f32:%s:%s:0:0,0,0,0" % ("x".join(map(str, array.shape)), ",".join(map(str, strides)))


def save(array):
    global count
    name = "%d.f32" % count
    count += 1
    np.ascontiguousarray(array, dtype=np.float32).tofile(os.path.join(folder, name))
    return name


def run(op, inputs, constants, attributes, opset):
    """Output of a model of one node; constants are its initializers, by position after the inputs (None: absent)."""
    names, feeds, initializers, graph_inputs = [], {}, [], []
    for i, array in enumerate(inputs):
        names.append("in%d" % i)
        feeds[names[-1]] = array
        graph_inputs.append(helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, array.shape))
    for i, array in enumerate(constants):
        names.append("" if array is None else "constant%d" % i)
        if array is not None:
            initializers.append(onnx.numpy_helper.from_array(array, names[-1]))
    node = helper.make_node(op, names, ["out"], **attributes)
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    model = helper.make_model(helper.make_graph([node], "one", graph_inputs, [out], initializers),
                              opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        return ReferenceEvaluator(model).run(None, feeds)[0]
    return session.run(None, feeds)[0]


def case(op, inputs, constants, attributes, name, attrs, params=(), opset=18, operands=None):
    want = run(op, inputs, constants, attributes, opset)
    inputs = [nhwc(a) for a in (operands or inputs)]
    want = nhwc(want)
    attrs = " ".join("%s=%s" % (k, repr(float(v)) if isinstance(v, float) else v) for k, v in sorted(attrs.items()))
    views = " ".join(["in=" + view(a) for a in inputs] + ["out=" + view(want)])
    lines = ["%s %s %s" % (name, attrs, views) if attrs else "%s %s" % (name, views)]
    lines += ["input " + save(a) for a in inputs] + ["param " + save(a) for a in params] + ["output " + save(want)]
    cases.write("\n".join(lines) + "\n\n")


def window(kernel, stride=(1, 1), pads=(0, 0, 0, 0), dilation=(1, 1)):
    return dict(kernel_h=kernel[0], kernel_w=kernel[1], stride_h=stride[0], stride_w=stride[1], dilation_h=dilation[0],
                dilation_w=dilation[1], pad_top=pads[0], pad_left=pads[1], pad_bottom=pads[2], pad_right=pads[3])


def pool(op, name, shape, kernel, stride=(1, 1), pads=(0, 0, 0, 0), dilation=(1, 1), ceil=0, opset=19, **more):
    attrs = window(kernel, stride, pads, dilation)
    if ceil:  # the pixels that ceil mode adds become padding
        for dim, (k, s, d) in enumerate(zip(kernel, stride, dilation)):
            reach = d * (k - 1) + 1
            padded = shape[2 + dim] + pads[dim] + pads[2 + dim]
            out = -((reach - padded) // s) + 1
            if (out - 1) * s >= shape[2 + dim] + pads[dim]:
                out -= 1
            extra = max((out - 1) * s + reach - padded, 0)
            attrs["pad_" + ("bottom", "right")[dim]] += extra
            if name == "avg_pool2d":
                attrs["ceil_" + "hw"[dim]] = extra
    onnx_attrs = dict(kernel_shape=kernel, strides=stride, pads=pads, dilations=dilation, ceil_mode=ceil, **more)
    case(op, [values(*shape)], [], onnx_attrs, name, dict(attrs, **more), opset=opset)


for op, name, more in (("MaxPool", "max_pool2d", [{}]), ("LpPool", "lp_pool2d", [{"p": 1}, {"p": 2}, {"p": 3}]),
                       ("AveragePool", "avg_pool2d", [{}, {"count_include_pad": 1}])):
    for extra in more:
        pool(op, name, (2, 3, 9, 11), (3, 2), **extra)
        pool(op, name, (1, 5, 9, 11), (3, 3), (2, 2), (1, 0, 1, 2), **extra)
        pool(op, name, (1, 2, 8, 7), (2, 3), (2, 3), (0, 1, 1, 0), **extra)
        pool(op, name, (1, 2, 12, 13), (3, 2), (1, 2), (2, 1, 1, 0), (2, 3), **extra)
        pool(op, name, (1, 3, 8, 10), (3, 3), (2, 2), ceil=1, **extra)
        pool(op, name, (1, 3, 8, 10), (3, 3), (3, 2), (1, 1, 1, 1), ceil=1, **extra)

case("GlobalAveragePool", [values(2, 5, 4, 7)], [], {}, "global_avg_pool", {})
case("GlobalMaxPool", [values(2, 5, 4, 7)], [], {}, "global_max_pool", {})

coordinates = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric"]
roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


def resize(shape, scale=None, sizes=None, mode="nearest", coordinate=0, rounding=0, exclude=0, a=-0.75):
    attributes = dict(mode=mode, coordinate_transformation_mode=coordinates[coordinate])
    if mode == "nearest":
        attributes["nearest_mode"] = roundings[rounding]
    if mode == "cubic":
        attributes.update(cubic_coeff_a=a, exclude_outside=exclude)
    if scale:
        constants = [None, np.array((1, 1) + scale, np.float32)]
    else:
        constants = [None, None, np.array(shape[:2] + sizes, np.int64)]
        scale = tuple(float(np.float32(o) / np.float32(i)) for o, i in zip(sizes, shape[2:]))
    attrs = dict(mode=["nearest", "linear", "cubic"].index(mode), coordinate=coordinate, nearest=rounding,
                 scale_h=float(np.float32(scale[0])), scale_w=float(np.float32(scale[1])), cubic_a=float(a),
                 exclude_outside=exclude)
    case("Resize", [values(*shape)], constants, attributes, "resize2d", attrs, opset=19)


for coordinate in range(5):
    for scale in ((2.0, 2.0), (3.0, 1.5), (0.5, 0.6)):
        resize((1, 3, 6, 10), scale, mode="linear", coordinate=coordinate)
        resize((1, 3, 6, 10), scale, mode="cubic", coordinate=coordinate)
        # The symmetric form at 0.6 lands on whole pixels up to the last bit of a float32: either neighbour is right.
        if coordinate == 4 and scale[1] == 0.6:
            continue
        for rounding in range(4):
            resize((1, 2, 6, 10), scale, coordinate=coordinate, rounding=rounding)
    resize((1, 2, 7, 5), sizes=(13, 9), mode="linear", coordinate=coordinate)
    resize((1, 2, 9, 6), sizes=(12, 4), coordinate=coordinate)
resize((1, 2, 5, 7), (8.0, 4.0), coordinate=1, rounding=2)
resize((1, 2, 6, 8), (1.7, 2.3), mode="cubic", exclude=1)
resize((1, 2, 6, 8), (1.7, 2.3), mode="cubic", a=-0.5)


def conv_transpose(shape, k, kernel, stride=(1, 1), pads=(0, 0, 0, 0), dilation=(1, 1), output_pad=(0, 0), groups=1):
    weights = values(shape[1], k // groups, *kernel)
    attributes = dict(kernel_shape=kernel, strides=stride, pads=pads, dilations=dilation, output_padding=output_pad, group=groups)
    attrs = dict(window(kernel, stride, pads, dilation), output_pad_h=output_pad[0], output_pad_w=output_pad[1], groups=groups)
    case("ConvTranspose", [values(*shape)], [weights], attributes, "conv_transpose2d", attrs, [weights])


conv_transpose((2, 3, 5, 6), 4, (2, 2), (2, 2))
conv_transpose((1, 3, 5, 6), 5, (3, 3), (2, 2), (1, 1, 1, 1), output_pad=(1, 1))
conv_transpose((1, 4, 5, 6), 6, (3, 4), (3, 2), (0, 1, 2, 0), (2, 1), groups=2)
conv_transpose((1, 2, 4, 5), 3, (3, 2), (2, 4), (1, 0, 0, 1), (2, 2), output_pad=(1, 3))
conv_transpose((1, 2, 4, 5), 3, (5, 4), (3, 3), (2, 3, 1, 2), (2, 4))
conv_transpose((1, 4, 4, 4), 4, (3, 3), groups=4)


def deform(shape, k, kernel, stride=(1, 1), pads=(0, 0, 0, 0), dilation=(1, 1), groups=1, offset_groups=1, mask=False, spread=2.0):
    out = [(shape[2 + i] + pads[i] + pads[2 + i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in range(2)]
    x, weights = values(*shape), values(k, shape[1] // groups, *kernel)
    taps = offset_groups * kernel[0] * kernel[1]
    offset = values(shape[0], 2 * taps, *out) * np.float32(spread)
    offset[:, :, 0] = np.round(offset[:, :, 0])  # on pixels, on the image's edge and one beyond it
    inputs = [x, weights, offset] + ([np.zeros(k, np.float32), np.abs(values(shape[0], taps, *out))] if mask else [])
    attributes = dict(kernel_shape=kernel, strides=stride, pads=pads, dilations=dilation, group=groups, offset_group=offset_groups)
    attrs = dict(window(kernel, stride, pads, dilation), groups=groups, offset_groups=offset_groups)
    case("DeformConv", inputs, [], attributes, "deform_conv2d", attrs, [weights], 19, [x, offset] + ([inputs[4]] if mask else []))


deform((2, 4, 6, 7), 3, (3, 3), pads=(1, 1, 1, 1))
deform((1, 4, 7, 7), 6, (3, 2), (2, 1), (1, 0, 0, 1), (1, 2), groups=2, offset_groups=2, mask=True)
deform((1, 6, 5, 6), 3, (1, 3), offset_groups=3, mask=True, spread=5.0)

for axis in range(4):  # of the model's N, C, H, W
    ours = [0, 3, 1, 2][axis]
    case("Softmax", [values(2, 5, 3, 4)], [], dict(axis=axis), "softmax", dict(axis=ours))
    case("LogSoftmax", [values(2, 5, 3, 4)], [], dict(axis=axis), "softmax", dict(axis=ours, log=1))
case("Softmax", [values(3, 7)], [], dict(axis=1), "softmax", dict(axis=1))
case("LRN", [values(2, 7, 3, 4)], [], dict(size=3, alpha=0.3, beta=0.75, bias=1.5), "lrn",
     dict(size=3, alpha=0.3, beta=0.75, bias=1.5))
case("LRN", [values(1, 9, 2, 3)], [], dict(size=5, alpha=0.5, beta=0.6, bias=1.0), "lrn",
     dict(size=5, alpha=0.5, beta=0.6, bias=1.0))

scale, shift = values(6), values(6)
case("LayerNormalization", [values(2, 5, 6)], [scale, shift], dict(axis=-1, epsilon=1e-3), "layer_norm",
     dict(axis=2, epsilon=1e-3), [scale, shift])
scale, shift = values(5, 6), values(5, 6)
case("LayerNormalization", [values(2, 5, 6)], [scale, shift], dict(axis=1), "layer_norm", dict(axis=1, epsilon=1e-5), [scale, shift])
scale, shift = values(5), values(5)
case("InstanceNormalization", [values(2, 5, 3, 4)], [scale, shift], dict(epsilon=1e-3), "instance_norm", dict(epsilon=1e-3), [scale, shift])

for kind, op in enumerate(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"]):
    case(op, [values(2, 3, 4)], [np.array([0, 2], np.int64)], dict(keepdims=1), "reduce", dict(kind=kind, axes=0b101))
for mode, name in enumerate(["constant", "reflect", "edge"]):
    pads = np.array([0, 1, 2, 1, 0, 2], np.int64)
    case("Pad", [values(2, 4, 5)], [pads, np.float32(0.25)], dict(mode=name), "pad",
         dict(mode=mode, value=0.25, begin0=0, begin1=1, begin2=2, end0=1, end1=0, end2=2))
case("Transpose", [values(2, 3, 5)], [], dict(perm=[2, 0, 1]), "transpose", dict(perm0=2, perm1=0, perm2=1))
case("MatMul", [values(2, 3, 5), values(2, 5, 6)], [], {}, "matmul", {})
weights = values(4, 7)
case("Gemm", [values(3, 7)], [weights], dict(transB=1), "gemm", {}, [weights])
