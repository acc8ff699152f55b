"""ONNX's own node tests (onnx.backend.test.case.node) as models that tenfold compiles.

usage: onnx_nodes.py OUT_DIR CASES.txt OP...

Writes to OUT_DIR
  names.txt   every case whose operator is one of OP..., one a line
  groups.txt  for the cases that CASES.txt lists: "model FILE", then its "input NAME FILE.npy" and "output NAME FILE.npy RELATIVE ABSOLUTE" lines;
              the cases of one opset are one model, each a part of it that nothing joins to the others
A line of CASES.txt is a case's name, and the names of the outputs that are asked for where they are not all. An operand that exporters
write as a constant (weights, statistics, bounds) is one here too, as is all that is not a tensor of floats; an output that is not one is
cast to float32 at the end. Nothing is done where OUT_DIR holds what these arguments make.
"""
import concurrent.futures
import fcntl
import hashlib
import importlib
import pathlib
import pkgutil
import re
import shutil
import sys
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Which operands are constants in every model that an exporter writes.
CONSTANT = {
    "BatchNormalization": (1, 2, 3, 4), "Clip": (1, 2), "Conv": (1, 2), "ConvTranspose": (1, 2), "DeformConv": (1, 3),
    "Gemm": (1, 2), "GroupNormalization": (1, 2), "InstanceNormalization": (1, 2), "LayerNormalization": (1, 2), "RMSNormalization": (1,),
    "PRelu": (1,), "Pad": (1, 2, 3), "Pow": (1,), "Resize": (1, 2, 3), "Upsample": (1,), "Dropout": (1, 2),
}
# Read only where all they take is constant.
FOLDED = {
    "And", "ConstantOfShape", "Cos", "CumSum", "Equal", "EyeLike", "GatherND", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Mod", "Not",
    "Or", "Range", "Sign", "Sin", "Where",
}
FLOATS = (np.float32, np.float16)


def cases_of(module, operators):
    """(name, operator, serialized model, inputs, outputs) of a module's cases. Runs in a process of its own."""
    from onnx.backend.test.case import node
    importlib.import_module(f"{node.__name__}.{module}")
    found = []
    for case in node._NodeTestCases:
        operator = node._existing_names[re.sub(r"_expanded.*", "", case.name)].op_type
        if operator not in operators:
            continue
        inputs, outputs = case.data_sets[0]
        plain = lambda values: [v if isinstance(v, (np.ndarray, np.generic)) else None for v in values]
        found.append((case.name, operator, case.model.SerializeToString(), plain(inputs), plain(outputs)))
    node._NodeTestCases.clear()
    node._existing_names.clear()
    return found


def all_cases(operators):
    from onnx.backend.test.case import node
    wanted = {operator.lower() for operator in operators} | {"rangeop", "and", "or", "not"}
    modules = [m.name for m in pkgutil.iter_modules(node.__path__) if m.name.replace("_", "") in wanted]
    slowest_first = sorted(modules, key=lambda name: "pool" not in name)
    cases = {}
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for found in pool.map(cases_of, slowest_first, [operators] * len(modules)):
            cases.update({name: rest for name, *rest in found})
    return cases


def as_arrays(values):
    return [np.asarray(v) if v is not None else None for v in values]


class Group:
    """The cases of one opset, side by side in one model."""

    def __init__(self, opset):
        self.opset, self.nodes, self.inputs, self.outputs, self.constants, self.lines = opset, [], [], [], [], []

    def add(self, name, operator, model, inputs, outputs, asked, out):
        graph = model.graph
        renamed = lambda tensor: f"{name}.{tensor}" if tensor else ""
        order = {tensor: i for i, tensor in enumerate(self.first_node_inputs(name, graph))}
        loose = 2e-3 if any(v.dtype == np.float16 for v in inputs + outputs) else None
        for info, value in zip(graph.input, inputs):
            if value.dtype not in FLOATS or operator in FOLDED or order.get(info.name, 0) in CONSTANT.get(operator, ()):
                self.constants.append(numpy_helper.from_array(value, renamed(info.name)))
                continue
            self.inputs.append(helper.make_tensor_value_info(
                renamed(info.name), helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
            self.save(out, "input", renamed(info.name), value)
        for info, value in zip(graph.output, outputs):
            if asked and info.name not in asked:
                continue
            tensor, element = renamed(info.name), helper.np_dtype_to_tensor_dtype(value.dtype)
            if value.dtype not in FLOATS:
                tensor, element = tensor + ".float", TensorProto.FLOAT
                self.nodes.append(helper.make_node("Cast", [renamed(info.name)], [tensor], f"{name}/Cast", to=element))
            self.outputs.append(helper.make_tensor_value_info(tensor, element, value.shape))
            self.save(out, "output", tensor, value, f" {loose or 1e-3} {loose or 1e-6}")
        for constant in graph.initializer:
            copy = onnx.TensorProto.FromString(constant.SerializeToString())
            copy.name = renamed(constant.name)
            self.constants.append(copy)
        for node in graph.node:
            copy = onnx.NodeProto.FromString(node.SerializeToString())
            copy.name = f"{name}/{node.op_type}"
            copy.input[:] = [renamed(tensor) for tensor in node.input]
            copy.output[:] = [renamed(tensor) for tensor in node.output]
            self.nodes.append(copy)

    @staticmethod
    def first_node_inputs(name, graph):
        # In an expanded function the inputs stand in the operator's own order.
        return list(graph.node[0].input) if "_expanded" not in name else [info.name for info in graph.input]

    def save(self, out, kind, tensor, value, more=""):
        file = f"{tensor}.npy"
        np.save(out / file, np.asarray(value).astype(np.float32, order="C"))
        self.lines.append(f"{kind} {tensor} {file}{more}")

    def write(self, out):
        graph = helper.make_graph(self.nodes, f"opset{self.opset}", self.inputs, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        onnx.save(model, out / f"opset{self.opset}.onnx")
        return [f"model opset{self.opset}.onnx", *self.lines]


def opset_of(model):
    """The oldest opset that is read serves operators that have not changed since an older one."""
    return max([7, *(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))])


def main(out, list_file, operators):
    lines = [line.split() for line in pathlib.Path(list_file).read_text().splitlines()]
    listed = {words[0]: words[1:] for words in lines if words and not words[0].startswith("#")}
    made_from = [onnx.__version__, pathlib.Path(__file__).read_text(), str(listed), " ".join(sorted(operators))]
    stamp = hashlib.sha256("\n".join(made_from).encode()).hexdigest()
    if (out / "stamp").exists() and (out / "stamp").read_text() == stamp:
        return
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    cases = all_cases(set(operators))
    groups = {}
    for name, asked in listed.items():
        if name not in cases:
            continue  # the test tells
        operator, blob, inputs, outputs = cases[name]
        model = onnx.ModelProto.FromString(blob)
        opset = opset_of(model)
        groups.setdefault(opset, Group(opset)).add(
            name, operator, model, as_arrays(inputs), as_arrays(outputs), asked, out)
    (out / "names.txt").write_text("".join(f"{name}\n" for name in sorted(cases)))
    (out / "groups.txt").write_text(
        "".join(f"{line}\n" for opset in sorted(groups) for line in groups[opset].write(out)))
    (out / "stamp").write_text(stamp)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:  # tests that run side by side share the folder
        fcntl.flock(lock, fcntl.LOCK_EX)
        main(folder, sys.argv[2], sys.argv[3:])
