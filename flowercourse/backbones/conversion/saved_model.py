"""Writes and examines SavedModels with TF Hub's interface for reuse, which ``hub.KerasLayer`` loads.

Such a model can be called with images and ``training=False`` or ``True``, and has ``variables``,
``trainable_variables`` and ``regularization_losses``. A frozen layer is called with ``training=False``: batch
normalization then uses its stored averages. A layer that is being fine-tuned uses each batch's own and updates them.
"""

from __future__ import annotations

import errno
import hashlib
import warnings
from pathlib import Path
from typing import Any

from flowercourse.backbones.registry import BackboneSpec


class UnfitModelError(ValueError):
    """A SavedModel that can't be loaded, or is not the backbone that it should be."""


def export(model: Any, directory: Path) -> None:
    """Write a Keras model from images to features as a SavedModel for reuse into ``directory``.

    Raises:
        OSError: it can't be written, such as on a full disk.
    """
    import tensorflow as tf

    reusable = tf.train.Checkpoint()
    reusable.variables = list(model.variables)
    reusable.trainable_variables = list(model.trainable_variables)
    reusable.regularization_losses = []

    @tf.function
    def call(inputs, training=False):
        return model(inputs, training=training)

    spec = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="inputs")
    call.get_concrete_function(spec, training=False)
    call.get_concrete_function(spec, training=True)
    reusable.__call__ = call
    try:
        # Without a signature for servers: it would be another copy of the graph, to be loaded each time.
        tf.saved_model.save(reusable, str(directory))
    except tf.errors.OpError as error:
        full = isinstance(error, tf.errors.ResourceExhaustedError)
        raise OSError(errno.ENOSPC if full else errno.EIO, error.message) from error


def hub_layer(handle: str) -> Any:
    """Return ``hub.KerasLayer(handle)``, frozen, just as learners use it, without the library's own warnings."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pkg_resources", category=UserWarning)  # at the first import
        import tensorflow_hub as hub

    return hub.KerasLayer(handle, trainable=False)


def examine(directory: Path, spec: BackboneSpec) -> str:
    """Make sure that ``directory`` holds the backbone, and return its weights' SHA-256.

    Raises:
        UnfitModelError: it can't be loaded, has another number of weights, or other inputs or outputs.
    """
    import tensorflow as tf

    try:
        layer = hub_layer(str(directory))
        features = layer(tf.fill((1, *spec.input_shape), 0.5)).numpy()
        variables = list(layer.weights)
    except Exception as error:  # TensorFlow has no common type for a damaged SavedModel
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UnfitModelError(f"it can't be used as a SavedModel for pictures ({first_line[:200]})") from error
    count = sum(int(tf.size(variable)) for variable in variables)
    if count != spec.parameters:
        raise UnfitModelError(f"it has {count:,} weights where {spec.title} has {spec.parameters:,}")
    if features.shape != (1, spec.num_features):
        raise UnfitModelError(f"it gives features of shape {features.shape}, not (1, {spec.num_features})")
    digest = hashlib.sha256()
    for variable in variables:
        digest.update(f"{variable.shape}{variable.dtype.name}".encode())
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()
