"""The fast forward pass of a frozen backbone: weights as constants, nothing that only training needs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowercourse.backbones import Backbone
from flowercourse.backbones.saved_model import hub_layer
from flowercourse.backbones.simplify import simplify
from flowercourse.errors import CourseError


@functools.lru_cache(maxsize=2)
def forward(backbone: Backbone) -> Callable[[Any], Any]:
    """Return a function from images, float32 (n, size, size, 3) in [0, 1], to features, float32 (n, num_features).

    It takes arrays and tensors and gives tensors. It computes what ``hub.KerasLayer(backbone.handle)`` computes,
    only faster.

    Raises:
        CourseError: the SavedModel can't be loaded.
    """
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
    shape = tf.TensorSpec((None, *backbone.spec.input_shape), tf.float32)
    call = tf.function(lambda images: layer(images)).get_concrete_function(shape)
    constant = convert_variables_to_constants_v2(call)
    entry, result = constant.inputs[0].name, constant.outputs[0].name
    definition = simplify(constant.graph, result)

    @tf.function(input_signature=[shape], autograph=False)
    def run(images):
        return tf.graph_util.import_graph_def(definition, {entry: images}, return_elements=[result], name="")[0]

    return run.get_concrete_function()
