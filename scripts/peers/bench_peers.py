"""The engines that `tenfold bench --against` compares with, each with the settings that make it fastest at float32.

One process serves one engine, named by the first argument: onnxruntime, openvino or mnn.
Requests: {"load": FILE.onnx, "threads": N, "inputs": {NAME: FILE.npy}, "outputs": [NAME, ...], "folder": DIR}
            -> {"version": TEXT, "load_ms": X, "first_ms": X, "outputs": {NAME: FILE.npy}}
          {"runs": N} -> {"ms": [X, ...]}
Times are of the engine's own call, with inputs and outputs in host memory; MNN's inputs lie in its own layout already.
"""

import os
import subprocess
import sys
import time

from protocol import PeerError, serve

# MNN installs what it misses with the first pip on PATH: that must be its own environment's.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")


class OnnxRuntime:
    """All graph optimisations, one intra-op pool. Its threads stop spinning when a run ends, so that they do not
    take the cores from the engine that is timed next; within a run they spin."""

    def prepare(self, model, folder):
        import onnxruntime

        self.module = onnxruntime

    def load(self, model, threads, feeds, names):
        onnxruntime = self.module
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.names = names
        self.feeds = feeds
        return onnxruntime.__version__

    def run(self):
        return self.session.run(self.names, self.feeds)

    def outputs(self, result):
        return dict(zip(self.names, result))


class OpenVino:
    """Latency hint, float32 execution, shapes fixed to the inputs'."""

    def prepare(self, model, folder):
        import openvino

        self.module = openvino

    def load(self, model, threads, feeds, names):
        openvino = self.module
        core = openvino.Core()
        network = core.read_model(model)
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


class Mnn:
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
        result = engine.run()
        first = time.perf_counter()
        files = {}
        for index, (key, value) in enumerate(engine.outputs(result).items()):
            files[key] = os.path.join(request["folder"], f"{name}{index}.npy")
            numpy.save(files[key], numpy.ascontiguousarray(value), allow_pickle=False)
        state["engine"] = engine
        return {"version": version, "load_ms": (loaded - start) * 1e3, "first_ms": (first - start) * 1e3, "outputs": files}

    def handle(request):
        if "load" in request:
            return load(request)
        times = []
        for _ in range(request["runs"]):
            start = time.perf_counter()
            state["engine"].run()
            times.append((time.perf_counter() - start) * 1e3)
        return {"ms": times}

    serve(handle)


if __name__ == "__main__":
    main()
