"""What a case is: a small model, its inputs, ONNX Runtime's outputs, and a line of the index. onnx_cases.py has the usage."""
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
LEFT = {}  # what the passes must leave of a case, where it matters


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


def case(name, opset, nodes, inputs, outputs=("y",), ir=8, positive=False, input_type=F32, output_type=None, **constants):
    """nodes: (op, inputs, outputs, attributes). Constants are initializers."""
    random = rng(name)
    protos = [helper.make_node(op, i.split(","), o.split(","), **a) for op, i, o, a in nodes]
    graph = helper.make_graph(
        protos, name,
        [helper.make_tensor_value_info(n, input_type, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, output_type or input_type, None) for n in outputs],
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
