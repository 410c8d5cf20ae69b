"""Makes a backbone with untrained weights: the last resort, which is taken only where it was asked for.

The numbers are random and the same on every machine.

He's initialization keeps the spread of the values from layer to layer under ReLU, so that random features are neither
constant nor overflowing, and a linear head still learns something from them. Batch normalization is the identity.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flowercourse.backbones.conversion import mobilenet_v2, saved_model
from flowercourse.backbones.registry import BackboneSpec
from flowercourse.backbones.sources import keras_weights

SEED = 20260101


def fetch(spec: BackboneSpec, directory: Path) -> str:
    """Write the untrained backbone as a SavedModel into ``directory``; see `interface.Source`."""
    model = mobilenet_v2.build() if spec.name == "mobilenet_v2" else keras_weights.build(spec)
    set_untrained(model)
    saved_model.export(model, directory)
    return f"untrained weights (random numbers, seed {SEED})"


def set_untrained(model: Any, *, seed: int = SEED) -> None:
    """Fill a Keras model's kernels from one random stream, in the order of its layers."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        layer.set_weights([_start(weight, rng) for weight in layer.weights])


def _start(weight: Any, rng: np.random.Generator) -> np.ndarray:
    shape, name = tuple(weight.shape), weight.name
    if len(shape) == 4:
        inputs = np.prod(shape[:2]) * (1 if "depthwise" in name else shape[2])
        return rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / inputs))
    ones = "gamma" in name or "moving_variance" in name
    return np.full(shape, 1.0 if ones else 0.0, np.float32)
