"""Writes the small models, good and bad ones, that the tests of the program read: models.py FOLDER."""

import os
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def weights(name, *dims, seed=1, scale=0.3):
    values = numpy.random.default_rng(seed).standard_normal(dims) * scale
    return numpy_helper.from_array(values.astype(numpy.float32), name)


def model(nodes, inputs, outputs, initializers=(), opset=13):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, FLOAT, dims) for name, dims in inputs],
        [helper.make_tensor_value_info(name, FLOAT, dims) for name, dims in outputs],
        list(initializers),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def small_network(batch=1):
    """Convolution, depthwise convolution, residual, concatenation, pooling and a classifier."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w0", "b0"], ["c0"], name="conv0", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["c0"], ["r0"], name="relu0"),
        node("Conv", ["r0", "w1"], ["c1"], name="depthwise1", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=16),
        node("HardSigmoid", ["c1"], ["h1"], name="gate1", alpha=0.2, beta=0.5),
        node("Mul", ["c1", "h1"], ["m1"], name="mul1"),
        node("Conv", ["m1", "w2", "b2"], ["c2"], name="conv2", kernel_shape=[1, 1]),
        node("Add", ["c2", "r0"], ["a2"], name="add2"),
        node("Concat", ["a2", "r0"], ["k2"], name="concat2", axis=1),
        node("MaxPool", ["k2"], ["p2"], name="pool2", kernel_shape=[2, 2], strides=[2, 2]),
        node("GlobalAveragePool", ["p2"], ["g3"], name="pool3"),
        node("Flatten", ["g3"], ["f3"], name="flatten3"),
        node("Gemm", ["f3", "w4", "b4"], ["y"], name="gemm4", transB=1),
    ]
    initializers = [
        weights("w0", 16, 3, 3, 3), weights("b0", 16), weights("w1", 16, 1, 3, 3, seed=2),
        weights("w2", 16, 16, 1, 1, seed=3), weights("b2", 16, seed=4), weights("w4", 5, 32, seed=5), weights("b4", 5, seed=6),
    ]
    return model(nodes, [("x", [batch, 3, 18, 22])], [("y", [batch, 5])], initializers)


def views(kind=FLOAT):
    """Parts of the input that begin far inside it, a concatenation that is an output, an output of no dimensions."""
    node = helper.make_node
    nodes = [
        node("Slice", ["x", "from", "to", "axis"], ["late"], name="slice"),
        node("Gather", ["x", "last"], ["row"], name="gather", axis=1),
        node("Relu", ["x"], ["r"], name="relu"),
        node("Concat", ["r", "x"], ["joined"], name="concat", axis=1),
        node("ReduceMax", ["x"], ["most"], name="reduce", keepdims=0),
    ]
    ints = [numpy_helper.from_array(numpy.array(v, numpy.int64), n) for n, v in (("from", [1]), ("to", [9]), ("axis", [0]), ("last", -1))]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, [2, 5, 6, 24])],
        [helper.make_tensor_value_info(name, kind, None) for name in ("late", "row", "joined", "most")],
        ints,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])


def other_orders():
    """Tensors that the kernels hold in another order than the model: channels whose shuffle the last convolution takes
    up, products of matrices of rank 4. And an input that nothing reads."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w0"], ["a"], kernel_shape=[1, 1]),
        node("Reshape", ["a", "split"], ["b"]),
        node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["c", "whole"], ["d"]),
        node("Conv", ["d", "w1"], ["e"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=12),
        node("Conv", ["e", "w2"], ["f"], kernel_shape=[1, 1]),
        node("Transpose", ["f"], ["g"], perm=[0, 1, 3, 2]),
        node("MatMul", ["f", "g"], ["h"]),
        node("Softmax", ["h"], ["y"], axis=3),
    ]
    ints = [numpy_helper.from_array(numpy.array(v, numpy.int64), n) for n, v in (("split", [1, 3, 4, 6, 5]), ("whole", [1, 12, 6, 5]))]
    constants = [weights("w0", 12, 3, 1, 1), weights("w1", 12, 1, 3, 3, seed=2), weights("w2", 2, 12, 1, 1, seed=3)]
    return model(nodes, [("x", [1, 3, 6, 5]), ("aux", [1, 7])], [("y", [1, 2, 6, 6])], constants + ints)


def conv(inputs=("x", "w"), pads=(1, 1, 1, 1), **more):
    return helper.make_node("Conv", list(inputs), ["y"], name="conv", kernel_shape=[3, 3], pads=list(pads), **more)


def with_external(location, offset=0, length=3 * 3 * 3 * 4 * 4):
    made = model([conv()], [("x", [1, 3, 8, 8])], [("y", [1, 4, 8, 8])], [weights("w", 4, 3, 3, 3)])
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    return made


def main(folder):
    os.makedirs(folder, exist_ok=True)

    def write(name, made):
        data = made if isinstance(made, bytes) else made.SerializeToString()
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
        return data

    good = write("small.onnx", small_network())
    write("batch3.onnx", small_network(batch=3))
    write("views.onnx", views())
    write("half.onnx", views(TensorProto.FLOAT16))
    write("orders.onnx", other_orders())
    write("truncated.onnx", good[: len(good) // 2])
    write("empty.onnx", b"")
    write("random.onnx", numpy.random.default_rng(7).bytes(5000))
    write("text.onnx", b"this is not a model\n" * 20)

    write("unbound.onnx", model([conv()], [("x", ["n", 3, "h", "w"])], [("y", None)], [weights("w", 4, 3, 3, 3)]))
    write("one_conv.onnx", model([conv()], [("x", [1, 3, 8, 8])], [("y", [1, 4, 8, 8])], [weights("w", 4, 3, 3, 3)]))
    write("channels.onnx", model([conv()], [("x", [1, 5, 8, 8])], [("y", None)], [weights("w", 4, 3, 3, 3)]))
    write(
        "unsupported.onnx",
        model(
            [
                helper.make_node("NonZero", ["x"], ["a"], name="first_odd"),
                helper.make_node("Det", ["x"], ["b"], name="second_odd"),
                helper.make_node("Relu", ["x"], ["y"], name="fine"),
            ],
            [("x", [1, 3, 8, 8])],
            [("y", [1, 3, 8, 8]), ("b", None), ("a", None)],
        ),
    )
    write(
        "cyclic.onnx",
        model(
            [
                helper.make_node("Add", ["x", "b"], ["a"], name="first"),
                helper.make_node("Relu", ["a"], ["b"], name="second"),
            ],
            [("x", [1, 3])],
            [("b", [1, 3])],
        ),
    )
    lying = model([conv()], [("x", [1, 3, 8, 8])], [("y", None)], [weights("w", 4, 3, 3, 3)])
    lying.graph.initializer[0].dims[:] = [1 << 20, 3, 1 << 12, 3]
    write("lying_initializer.onnx", lying)
    write("external_outside.onnx", with_external("../../../../etc/passwd"))
    write("external_absolute.onnx", with_external("/etc/passwd"))
    write("external_device.onnx", with_external("/dev/zero"))
    write("external_missing.onnx", with_external("nowhere.bin"))
    write("external_short.onnx", with_external("short.bin"))
    write("short.bin", b"\0" * 100)
    os.symlink("/etc/passwd", os.path.join(folder, "link.bin"))
    write("external_link.onnx", with_external("link.bin"))
    # Two terabytes that take no room on the disk: they are there, but nobody can hold them.
    with open(os.path.join(folder, "sparse.bin"), "wb") as file:
        file.truncate(1 << 41)
    sparse = with_external("sparse.bin", length=1 << 41)
    sparse.graph.initializer[0].dims[:] = [1 << 20, 1 << 19, 1, 1]
    write("external_sparse.onnx", sparse)
    renamed = model([conv(("QQ", "w"))], [("QQ", [1, 3, 8, 8])], [("y", None)], [weights("w", 4, 3, 3, 3)])
    write("no_utf8.onnx", renamed.SerializeToString().replace(b"QQ", b"\xff\xfe"))
    values = numpy.random.default_rng(1).standard_normal((4, 3, 3, 3)).astype(numpy.float32)
    write("good.bin", b"\0" * 64 + values.tobytes())
    write("external_good.onnx", with_external("good.bin", offset=64))

    rng = numpy.random.default_rng(11)
    numpy.save(os.path.join(folder, "small_x.npy"), rng.standard_normal((1, 3, 18, 22)).astype(numpy.float32))
    tiny, most, inf = 3e-26, 3e38, numpy.inf
    ends = numpy.array([[-inf, -inf, -inf], [inf, 0, -inf], [most, most, 1], [-most, -inf, -most], [tiny, -tiny, 0]], numpy.float32)
    numpy.save(os.path.join(folder, "ends_x.npy"), ends)
    nodes = [helper.make_node("ReduceLogSumExp", ["x", "axis"], ["sums"])]
    nodes += [helper.make_node("LpNormalization", ["x"], [f"norm{p}"], p=p) for p in (1, 2)]
    write("ends.onnx", model(nodes, [("x", ends.shape)], [(name, None) for name in ("sums", "norm1", "norm2")],
                             [numpy_helper.from_array(numpy.array([1]), "axis")], opset=18))
    numpy.save(os.path.join(folder, "wrong_shape.npy"), numpy.zeros((1, 3, 18, 21), numpy.float32))
    numpy.save(os.path.join(folder, "wrong_type.npy"), numpy.zeros((1, 3, 18, 22), numpy.float64))


if __name__ == "__main__":
    main(sys.argv[1])
