"""ONNX Runtime as the reference of `tenfold verify`.

Request:  {"model": FILE, "inputs": {NAME: FILE.npy}, "tensors": [NAME, ...], "folder": DIR}
Answer:   {"version": TEXT, "tensors": {NAME: FILE.npy}, "absent": [NAME, ...]}

`tensors` may name any tensor of the graph, not only its outputs; those that the graph lacks come back in `absent`.
Inputs get the model's element type; what it computes in float16 or double comes back in float32, as tenfold has it.
"""

import os

from protocol import PeerError, feed_the_rest, serve

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as error:
    onnxruntime = None
    missing = str(error)


DTYPES = {"tensor(float16)": "float16", "tensor(double)": "float64"}


def with_outputs(path, wanted):
    """The model with `wanted` as further graph outputs, and the names that it really has."""
    try:
        model = onnx.load(path)
    except OSError as error:
        raise PeerError(f"{path}: {error.strerror}", "not_found")
    except Exception as error:  # protobuf's errors have no common type of their own
        raise PeerError(f"{path}: is no ONNX model: {' '.join(str(error).split())}", "invalid_model")
    graph = model.graph
    produced = {name for node in graph.node for name in node.output if name}
    outputs = {value.name for value in graph.output}
    present = [name for name in wanted if name in produced or name in outputs]
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in present if name not in outputs)
    return model, present


def handle(request):
    if onnxruntime is None:
        raise PeerError(f"verify needs ONNX Runtime in this Python: {missing}", "unavailable")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    wanted = request["tensors"]
    model, present = with_outputs(request["model"], wanted)
    source = model.SerializeToString() if len(present) > 0 else request["model"]
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    feeds = {name: numpy.load(path, allow_pickle=False) for name, path in request["inputs"].items()}
    types = {value.name: value.type for value in session.get_inputs()}
    for name in feeds:
        if name not in types:
            raise PeerError(f"{request['model']}: has no input '{name}'", "invalid_argument")
        feeds[name] = feeds[name].astype(DTYPES.get(types[name], feeds[name].dtype))
    feed_the_rest(feeds, session.get_inputs())
    values = session.run(present, feeds) if present else []
    files = {}
    for index, (name, value) in enumerate(zip(present, values)):
        files[name] = os.path.join(request["folder"], f"reference{index}.npy")
        if value.dtype in DTYPES.values():
            value = value.astype(numpy.float32)
        numpy.save(files[name], numpy.asarray(value, order="C"), allow_pickle=False)
    absent = [name for name in wanted if name not in files]
    return {"version": onnxruntime.__version__, "tensors": files, "absent": absent}


if __name__ == "__main__":
    serve(handle)
