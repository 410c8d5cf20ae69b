"""MobileNet V2 in two pieces: what stays frozen, and the last block as Keras layers that can learn.

Everything below the last block gives the same numbers in every epoch, so they need computing once; only the block
itself is run again and again. Batch normalization is folded into the convolutions beforehand. That is what "frozen"
means for it: its stored averages are constants, and no batch changes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flowercourse.backbones import Backbone
from flowercourse.backbones.forward import frozen
from flowercourse.errors import CourseError

if TYPE_CHECKING:
    import numpy as np
    import tf_keras as keras

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
_ORDER = ("Conv2D", "DepthwiseConv2dNative", "Conv2D", "Conv2D")  # widen, filter, narrow, and the 1 x 1 after the block


def can_be_cut(backbone: Backbone) -> bool:
    """Say whether `cut` knows this architecture."""
    return backbone.spec.name == "mobilenet_v2"


def cut(backbone: Backbone) -> tuple[Callable[[Any], Any], keras.Sequential]:
    """Return MobileNet V2 below its last block, and the last block as a Keras model whose weights can learn.

    One after the other they compute what the whole backbone computes.

    Args:
        backbone: MobileNet V2, as ``backbones.resolve`` gave it, whoever saved its weights.

    Returns:
        A function from images, float32 (n, 224, 224, 3) in [0, 1], to float32 (n, 7, 7, 160); and a model from these
        to features, float32 (n, 1280): the last inverted residual, the 1 x 1 convolution after it, and the average.

    Raises:
        CourseError: it is another backbone, or its graph does not end as MobileNet V2's does.
    """
    run: Any = frozen.forward(backbone)
    operations = run.graph.get_operations()
    last = [operation for operation in operations if operation.type in _CONVOLUTIONS][-len(_ORDER) :]
    if not can_be_cut(backbone) or tuple(operation.type for operation in last) != _ORDER:
        raise CourseError(
            f"The last block of {backbone.label} was not cut off",
            "its network does not end with the four convolutions that end MobileNet V2",
            "Use MobileNet V2 in one of the sources that flowercourse knows",
        )
    weights = [_weights(operation) for operation in last]
    below = frozen.forward(backbone, until=last[0].inputs[0].name)
    block = _layers(last[0].inputs[0].shape[1:], weights)
    for layer, arrays in zip([layer for layer in block.layers if layer.weights], weights, strict=True):
        layer.set_weights(arrays)
    return below, block


def _weights(convolution: Any) -> list[np.ndarray]:
    """Return a convolution's kernel and bias, constants of the frozen graph."""
    import tensorflow as tf

    (shift,) = (reader for reader in convolution.outputs[0].consumers() if reader.type in ("BiasAdd", "AddV2"))
    return [tf.make_ndarray(node.inputs[1].op.get_attr("value")) for node in (convolution, shift)]


def _layers(shape: Any, weights: list[list[np.ndarray]]) -> keras.Sequential:
    from tf_keras import Sequential, layers

    wide, narrow, features = (len(weights[place][1]) for place in (0, 2, 3))
    return Sequential(
        [
            layers.Input(shape),
            layers.Conv2D(wide, 1, name="widen"),
            layers.ReLU(6.0),
            layers.DepthwiseConv2D(3, padding="same", name="filter"),
            layers.ReLU(6.0),
            layers.Conv2D(narrow, 1, name="narrow"),
            layers.Conv2D(features, 1, name="last"),
            layers.ReLU(6.0),
            layers.GlobalAveragePooling2D(),
        ],
        name="last_block",
    )
