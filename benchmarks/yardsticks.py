"""Other engines to measure against: ONNX Runtime and OpenVINO, which the course itself does not need.

They are installed on first use into ``_build/bench-packages``, in the versions of ``benchmarks/requirements.txt``, and
only the benchmarks see them.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from flowercourse.backbones import Backbone

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "_build" / "bench-packages"
# What tf2onnx, onnxruntime and openvino need beyond these, the course has anyway.
NAMES = ("onnxruntime", "openvino", "openvino-telemetry", "tf2onnx", "onnx")

Engine = Callable[[np.ndarray], np.ndarray]


def install() -> None:
    """Make the engines importable, fetching them where they are not there yet.

    Raises:
        SystemExit: pip can't get them; the message says how to do it by hand.
    """
    if str(PACKAGES) not in sys.path:
        sys.path.append(str(PACKAGES))
    if all((PACKAGES / name.replace("-", "_")).is_dir() for name in NAMES if name != "openvino-telemetry"):
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", str(PACKAGES)]
    command += ["--constraint", str(ROOT / "benchmarks" / "requirements.txt"), *NAMES]
    print(f"Installing {', '.join(NAMES)} into {PACKAGES} ...", file=sys.stderr)
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"The yardsticks were not installed. By hand: {' '.join(command)}")
    importlib.invalidate_caches()


def engines(backbone: Backbone, scratch: Path, threads: int | None = None) -> dict[str, Engine]:
    """Return the backbone in each engine: float32 (n, size, size, 3) in [0, 1] to float32 (n, num_features).

    All compute in float32: OpenVINO would take bfloat16 where the processor has it, with features that differ by 0.1.

    Args:
        backbone: which network.
        scratch: a directory for the ONNX file.
        threads: how many threads each may use; None means what it thinks best.
    """
    import onnxruntime
    import openvino

    path = to_onnx(backbone, scratch)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads or 0
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    core = openvino.Core()
    hints = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(
        core.read_model(path), "CPU", hints | ({"INFERENCE_NUM_THREADS": threads} if threads else {})
    )
    return {
        "ONNX Runtime": lambda images: session.run(None, {name: images})[0],
        "OpenVINO": lambda images: compiled(images)[0],
    }


def to_onnx(backbone: Backbone, scratch: Path) -> str:
    """Write the backbone as an ONNX file, from its SavedModel and not from our simplified graph; return its path."""
    import logging

    import tensorflow as tf
    import tf2onnx
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    loaded = tf.saved_model.load(backbone.handle)
    call = tf.function(lambda images: loaded(images, training=False))
    frozen = convert_variables_to_constants_v2(
        call.get_concrete_function(tf.TensorSpec((None, *backbone.spec.input_shape), tf.float32))
    )
    inputs, outputs = [frozen.inputs[0].name], [frozen.outputs[0].name]
    graph = frozen.graph.as_graph_def()
    _pad_images(graph)
    model, _ = tf2onnx.convert.from_graph_def(graph, input_names=inputs, output_names=outputs, opset=17)
    path = scratch / f"{backbone.spec.name}.onnx"
    path.write_bytes(model.SerializeToString())
    return str(path)


def _pad_images(graph: Any) -> None:
    """Undo `flowercourse.backbones.conversion.even_padding` in a frozen GraphDef: other engines pad without a copy."""
    nodes = {node.name: node for node in graph.node}
    for node in graph.node:
        if node.op in ("Conv2D", "DepthwiseConv2dNative") and nodes[node.input[1]].op == "Pad":
            node.input[1] = nodes[node.input[1]].input[0]
            node.attr["padding"].s = b"EXPLICIT"
            node.attr["explicit_paddings"].list.i[:] = [0, 0, 1, 1, 1, 1, 0, 0]
