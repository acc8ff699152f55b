"""The engines that `tenfold bench --against` compares with, each with the settings that make it fastest at float32.

One process serves one engine, named by the first argument: onnxruntime, openvino or mnn.
Requests: {"load": FILE.onnx, "threads": N, "inputs": {NAME: FILE.npy}, "outputs": [NAME, ...], "folder": DIR}
            -> {"version": TEXT, "load_ms": X, "first_ms": X, "outputs": {NAME: FILE.npy}}
               with "profile": true also, where the engine can say: "layout_share", the part of the time of its
               kernels that goes into changing layouts, and "call_ms", what a call costs that computes nothing
          {"runs": N, "repeats": R} -> {"ms": [X, ...]}, each the mean of R calls (1 if not given)
Times are of the engine's own call, with inputs and outputs in host memory; MNN's inputs lie in its own layout already.
"""

import json
import os
import subprocess
import sys
import time

from protocol import PeerError, feed_the_rest, serve

# MNN installs what it misses with the first pip on PATH: that must be its own environment's.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")


class Engine:
    """What the engines have in common."""

    def first(self):
        """The first run, whose outputs are looked at."""
        return self.run()

    def profile(self, model, threads, folder):
        return {}


class OnnxRuntime(Engine):
    """All graph optimisations, one intra-op pool, inputs and outputs bound once. Its threads stop spinning when a run
    ends, so that they do not take the cores from the engine that is timed next; within a run they spin."""

    layout_nodes = ("ReorderInput", "ReorderOutput")
    profiled_runs = 10
    idle_runs = 2000
    call_ms = None  # of a model that computes nothing, measured once

    def prepare(self, model, folder):
        import onnxruntime

        self.module = onnxruntime

    def options(self, threads):
        onnxruntime = self.module
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        return options

    def open(self, model, options):
        return self.module.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def load(self, model, threads, feeds, names):
        self.session = self.open(model, self.options(threads))
        feed_the_rest(feeds, self.session.get_inputs())
        self.names = names
        self.feeds = feeds
        return self.module.__version__

    def bound(self, session, feeds, results):
        binding = session.io_binding()
        for name, values in feeds.items():
            binding.bind_ortvalue_input(name, self.module.OrtValue.ortvalue_from_numpy(values))
        for name, values in results.items():
            binding.bind_ortvalue_output(name, self.module.OrtValue.ortvalue_from_numpy(values))
        return binding

    def first(self):
        results = self.session.run(self.names, self.feeds)
        self.binding = self.bound(self.session, self.feeds, dict(zip(self.names, results)))
        return results

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def outputs(self, result):
        return dict(zip(self.names, result))

    def profile(self, model, threads, folder):
        options = self.options(threads)
        options.enable_profiling = True
        options.profile_file_prefix = os.path.join(folder, "profile")
        session = self.open(model, options)
        for _ in range(self.profiled_runs):
            session.run(self.names, self.feeds)
        with open(session.end_profiling()) as file:
            events = json.load(file)
        spent = {True: 0, False: 0}
        for event in events:
            if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
                spent[event["args"]["op_name"] in self.layout_nodes] += event["dur"]
        total = spent[True] + spent[False]
        if OnnxRuntime.call_ms is None:
            OnnxRuntime.call_ms = self.idle_call_ms()
        return {"layout_share": spent[True] / total if total else 0.0, "call_ms": OnnxRuntime.call_ms}

    def idle_call_ms(self):
        import numpy
        from onnx import TensorProto, helper

        port = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
        graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "idle", port[:1], port[1:])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        session = self.open(model.SerializeToString(), self.options(1))
        one = numpy.ones(1, numpy.float32)
        binding = self.bound(session, {"x": one}, {"y": one.copy()})
        start = time.perf_counter()
        for _ in range(self.idle_runs):
            session.run_with_iobinding(binding)
        return (time.perf_counter() - start) / self.idle_runs * 1e3


class OpenVino(Engine):
    """Latency hint, float32 execution, shapes fixed to the inputs'."""

    def prepare(self, model, folder):
        import openvino

        self.module = openvino

    def load(self, model, threads, feeds, names):
        import numpy

        openvino = self.module
        core = openvino.Core()
        network = core.read_model(model)
        for port in network.inputs:  # what a library left out, because nothing it computes depends on it
            if port.get_any_name() not in feeds:
                shape = [extent.get_length() if extent.is_static else 1 for extent in port.get_partial_shape()]
                feeds[port.get_any_name()] = numpy.ones(shape, port.get_element_type().to_dtype())
        network.reshape({port: list(feeds[port.get_any_name()].shape) for port in network.inputs})
        self.compiled = core.compile_model(
            network,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_NUM_THREADS": str(threads),
                "INFERENCE_PRECISION_HINT": "f32",
                "NUM_STREAMS": "1",
            },
        )
        self.names = names
        self.feeds = feeds  # the tensors below look at this memory
        self.request = self.compiled.create_infer_request()
        for port in self.compiled.inputs:
            tensor = openvino.Tensor(feeds[port.get_any_name()], shared_memory=True)
            self.request.set_tensor(port, tensor)
        return openvino.__version__

    def run(self):
        self.request.infer()

    def outputs(self, result):
        return {name: self.request.get_tensor(name).data.copy() for name in self.names}


class Mnn(Engine):
    """Converted by MNN's own tool; precision high is its name for float32."""

    def prepare(self, model, folder):
        import MNN

        self.module = MNN
        self.converted = os.path.join(folder, "model.mnn")
        tool = os.path.join(os.path.dirname(sys.executable), "mnnconvert")
        done = subprocess.run(
            [tool, "-f", "ONNX", "--modelFile", model, "--MNNModel", self.converted, "--bizCode", "tenfold"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        if done.returncode != 0 or not os.path.exists(self.converted):
            raise PeerError("mnnconvert failed: " + " ".join(done.stdout.split())[-300:])

    def load(self, model, threads, feeds, names):
        MNN = self.module
        self.names = names
        config = {"backend": "CPU", "numThread": threads, "precision": "high", "memory": "high", "power": "high"}
        runtime = MNN.nn.create_runtime_manager((config,))
        self.net = MNN.nn.load_module_from_file(
            self.converted, list(feeds), names, runtime_manager=runtime, shape_mutable=False
        )
        self.inputs = []
        for values in feeds.values():
            variable = MNN.expr.placeholder(list(values.shape), MNN.expr.NCHW, MNN.numpy.float32)
            variable.write(values.ravel().tolist())
            self.inputs.append(MNN.expr.convert(variable, MNN.expr.NC4HW4) if values.ndim == 4 else variable)
        return MNN.version()

    def run(self):
        outputs = self.net.forward(self.inputs)
        for variable in outputs:
            variable.read()  # lazily computed: reading is what runs it
        return outputs

    def outputs(self, result):
        import numpy

        dense = [self.module.expr.convert(variable, self.module.expr.NCHW) for variable in result]
        return {name: numpy.array(value.read()) for name, value in zip(self.names, dense)}


def main():
    engines = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "mnn": Mnn}
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    state = {}

    def load(request):
        if name not in engines:
            raise PeerError(f"unknown peer '{name}'; known: {', '.join(engines)}", "invalid_argument")
        try:
            import numpy

            feeds = {key: numpy.load(path, allow_pickle=False) for key, path in request["inputs"].items()}
            engine = engines[name]()
            engine.prepare(request["load"], request["folder"])
        except ImportError as error:
            raise PeerError(f"{name} is not in this Python: {error}", "unavailable")
        start = time.perf_counter()
        version = engine.load(request["load"], request["threads"], feeds, request["outputs"])
        loaded = time.perf_counter()
        result = engine.first()
        first = time.perf_counter()
        files = {}
        for index, (key, value) in enumerate(engine.outputs(result).items()):
            files[key] = os.path.join(request["folder"], f"{name}{index}.npy")
            numpy.save(files[key], numpy.ascontiguousarray(value), allow_pickle=False)
        state["engine"] = engine
        answer = {"version": version, "load_ms": (loaded - start) * 1e3, "first_ms": (first - start) * 1e3, "outputs": files}
        if request.get("profile"):
            answer.update(engine.profile(request["load"], request["threads"], request["folder"]))
        return answer

    def handle(request):
        if "load" in request:
            return load(request)
        run = state["engine"].run
        repeats = range(request.get("repeats", 1))
        times = []
        for _ in range(request["runs"]):
            start = time.perf_counter()
            for _ in repeats:
                run()
            times.append((time.perf_counter() - start) * 1e3 / len(repeats))
        return {"ms": times}

    serve(handle)


if __name__ == "__main__":
    main()
