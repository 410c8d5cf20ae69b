"""The last feature maps of a frozen backbone, before they are averaged to features."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowercourse.backbones import Backbone
from flowercourse.backbones.forward import frozen
from flowercourse.errors import CourseError

_SAME_NUMBERS = ("Identity", "Reshape", "Squeeze")  # operations that leave numbers as they are


@functools.lru_cache(maxsize=1)
def before_the_average(backbone: Backbone) -> Callable[[Any], Any]:
    """Return a function from images, float32 (n, size, size, 3) in [0, 1], to maps, float32 (n, h, w, num_features).

    The average of the maps over height and width is the features.

    Raises:
        CourseError: the backbone's features are no average of maps, or the SavedModel can't be loaded.
    """
    import tensorflow as tf

    run: Any = frozen.forward(backbone)
    average = run.outputs[0].op
    while average.type in _SAME_NUMBERS:
        average = average.inputs[0].op
    if average.type != "Mean" or average.inputs[0].shape.rank != 4:
        raise CourseError(
            f"The feature maps of {backbone.label} were not found",
            f"its features come from an operation {average.type}, and are no average of maps",
            "Use a backbone that ends with a global average, as MobileNet V2 and Inception V3 do",
        )
    definition, entry, maps = run.graph.as_graph_def(), run.inputs[0].name, average.inputs[0].name

    @tf.function(input_signature=[tf.TensorSpec((None, *backbone.spec.input_shape), tf.float32)], autograph=False)
    def until_the_average(images):
        return tf.graph_util.import_graph_def(definition, {entry: images}, return_elements=[maps], name="")[0]

    return until_the_average.get_concrete_function()
