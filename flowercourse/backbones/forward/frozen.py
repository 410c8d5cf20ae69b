"""The fast forward pass of a frozen backbone: weights as constants, nothing that only training needs.

Making it from the SavedModel takes seconds, for Inception V3 about ten, so the graph is kept in the cache, in the
folder ``frozen``, named by the backbone's fingerprint.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowercourse import paths
from flowercourse.backbones import Backbone
from flowercourse.backbones.conversion.saved_model import hub_layer
from flowercourse.backbones.forward.simplify import simplify
from flowercourse.errors import CourseError

FORMAT = 2  # raise it when the graph of the same backbone comes to be another one
_FILE = "graph.pb"


@functools.lru_cache(maxsize=2)
def forward(backbone: Backbone, until: str = "") -> Callable[[Any], Any]:
    """Return a function from images, float32 (n, size, size, 3) in [0, 1], to features, float32 (n, num_features).

    With `until`, the name of a tensor of that function's graph, it goes no further than to that tensor.

    It takes arrays and tensors and gives tensors. It computes what ``hub.KerasLayer(backbone.handle)`` computes,
    only faster.

    Raises:
        CourseError: the SavedModel can't be loaded.
    """
    import tensorflow as tf

    graphs = [_graph(backbone)]

    @tf.function(input_signature=[_images(backbone)], autograph=False)
    def run(images):
        graph = graphs.pop()  # traced once; afterwards nobody needs this copy of the weights
        entry, result = _ends(graph)
        return tf.graph_util.import_graph_def(
            graph, {entry: images}, return_elements=[until or f"{result}:0"], name=""
        )[0]

    return run.get_concrete_function()


def _graph(backbone: Backbone) -> Any:
    """Return the frozen graph as a GraphDef, from the cache or made and kept there."""
    kept = paths.cache_dir() / "frozen" / f"{backbone.spec.name}-{backbone.fingerprint}-{FORMAT}"
    if graph := _read(kept / _FILE):
        return graph
    graph = _frozen(backbone)
    if paths.is_writable(kept.parent):
        # Where it can't be kept, on a full disk say, it is made again next time.
        with contextlib.suppress(CourseError), paths.locked(kept), paths.whole_directory(kept) as unfinished:
            (unfinished / _FILE).write_bytes(graph.SerializeToString())
    return graph


def _read(path: Path) -> Any:
    """Return the GraphDef kept in a file; None if there is none, or it is damaged."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework.graph_pb2 import GraphDef

    try:
        graph = GraphDef.FromString(path.read_bytes())
        _ends(graph)
    except (OSError, DecodeError, ValueError):
        return None
    return graph


def _ends(graph: Any) -> tuple[str, str]:
    """Return the names of the node that takes the images and of the one that gives the features.

    Raises:
        ValueError: it has not one of each.
    """
    read = {name.partition(":")[0] for node in graph.node for name in node.input}
    (entry,) = (node.name for node in graph.node if node.op == "Placeholder")
    (result,) = (node.name for node in graph.node if node.name not in read)
    return entry, result


def _frozen(backbone: Backbone) -> Any:
    """Make the frozen graph from the SavedModel."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    try:
        layer = hub_layer(backbone.handle)
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise CourseError(
            f"{backbone.label} was not loaded from {backbone.handle}",
            str(error).splitlines()[0] if str(error) else type(error).__name__,
            "Delete that folder, and it will be fetched again",
        ) from error
    call = tf.function(lambda images: layer(images)).get_concrete_function(_images(backbone))
    constant = convert_variables_to_constants_v2(call)
    return simplify(constant.graph, constant.outputs[0].name)


def _images(backbone: Backbone) -> Any:
    """Return the specification of a batch of images, as the backbone takes them."""
    import tensorflow as tf

    return tf.TensorSpec((None, *backbone.spec.input_shape), tf.float32)
