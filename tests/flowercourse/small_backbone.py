"""A backbone of 16 weights, for tests of everything around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from flowercourse.backbones import Backbone, BackboneSpec
from flowercourse.backbones.conversion import saved_model

SPEC = BackboneSpec(
    name="small", title="Small", image_size=8, num_features=4, parameters=16, hub_path="small/1", year=2026, paper="-"
)


def model(num_features: int = 4):
    """Return a Keras model from (n, 8, 8, 3) to (n, num_features)."""
    from tf_keras import Model, layers

    images = layers.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(images)
    made = Model(images, layers.Dense(num_features)(x))
    made.set_weights([np.arange(3 * num_features).reshape(3, -1) / 10, np.arange(num_features, dtype=float)])
    return made


def make(directory: Path) -> Backbone:
    """Write the backbone as a SavedModel."""
    saved_model.export(model(), directory)
    return Backbone(SPEC, str(directory), "a test", True, "0123456789abcdef", ())
