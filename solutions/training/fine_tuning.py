"""Fine-tune a backbone's last block, gently, once its head has been trained.

A fresh head sends large, meaningless gradients; they would spoil good features. So the head comes first, on the frozen
backbone, and then head and last block together at a learning rate a hundred times lower. Batch normalization keeps its
stored averages throughout (``training=False``): batches of 32 are too small to replace what a million images gave.

``hub.KerasLayer(handle, trainable=True)`` shows all of a backbone's variables. Those of the last block are told by
their names (``LAST_BLOCK``), and gradients are computed for them alone: the backward pass stops where the block begins,
which makes a step hardly dearer than a prediction.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowercourse.errors import CourseError
from solutions.training.preprocessing import batches

if TYPE_CHECKING:
    import tensorflow as tf
    import tf_keras as keras
    from numpy.typing import NDArray

    from flowercourse.backbones import Backbone
    from flowercourse.datasets import Dataset

LAST_BLOCK = {
    "mobilenet_v2": r"features\.1[78]\.|block_16_|Conv_1|expanded_conv_16",
    "inception_v3": r"mixed10|Mixed_7c",
}
"""Per backbone, a pattern that the names of its last block's variables match, whoever saved it: PyTorch's names, those
of Keras Applications, and those of TF Hub. For MobileNet V2 that is the last inverted residual and the 1 x 1
convolution after it."""

NORMALIZATION = r"BatchNorm|batch_norm|_BN|gamma|beta|moving_"
"""Names of batch normalization's variables, which stay as they are."""

LEARNING_RATE = 1e-4
"""Adam's learning rate in fine-tuning; the head had 1e-3 from random weights."""


@dataclass(frozen=True, eq=False)
class FineTuned:
    """A fine-tuned classifier and how it came about.

    Attributes:
        layer: The ``hub.KerasLayer`` with the changed backbone.
        head: The Keras head with its changed weights.
        history: loss and accuracy (running means over the epoch, as these are computed on images), val_loss and
            val_accuracy at the end of each epoch.
        seconds: Time that it took.
        num_parameters: Number of weights that were trained, those of the head included.
        variables: Names of the backbone's variables that were trained.
    """

    layer: Any
    head: keras.Model
    history: dict[str, list[float]]
    seconds: float
    num_parameters: int
    variables: tuple[str, ...]

    def logits(self, images: tf.data.Dataset) -> NDArray[np.float32]:
        """Return logits (n, classes) for batches of (images, labels), in their order."""
        return _evaluate(self.layer, self.head, images)[0]


def last_block(variables: Sequence[Any], backbone_name: str) -> list[Any]:
    """Return the variables of a backbone's last block, without those of batch normalization.

    Args:
        variables: The backbone's variables, each with a ``name``.
        backbone_name: ``"mobilenet_v2"`` or ``"inception_v3"``.

    Raises:
        CourseError: If no variable has the name of the last block.
    """
    pattern = LAST_BLOCK[backbone_name]
    chosen = [v for v in variables if re.search(pattern, v.name) and not re.search(NORMALIZATION, v.name)]
    if not chosen:
        names = ", ".join(v.name for v in list(variables)[-3:])
        raise CourseError(
            f"The last block of {backbone_name} was not found",
            f"none of its {len(variables)} variables matches {pattern!r}; the last are {names}",
            "Add this backbone's names to solutions.training.fine_tuning.LAST_BLOCK, or leave out --fine-tune",
        )
    return chosen


def fine_tune(
    backbone: Backbone,
    head: keras.Model,
    dataset: Dataset,
    splits: Sequence[str],
    *,
    epochs: int,
    learning_rate: float = LEARNING_RATE,
    seed: int = 0,
    progress: Callable[[str], None] = lambda line: None,
) -> FineTuned:
    """Train head and last block together on images.

    Args:
        backbone: Where the head's features came from.
        head: The trained head, from features to logits; it is changed.
        dataset: The data set.
        splits: TFDS names of the training and the validation split.
        epochs: Passes over the training images.
        learning_rate: Adam's.
        seed: Seed of the shuffling.
        progress: Called with one line after each epoch.

    Raises:
        CourseError: If the backbone's last block was not found among its variables.
    """
    import tensorflow as tf
    import tensorflow_hub as hub
    import tf_keras as keras

    started = time.perf_counter()
    layer = hub.KerasLayer(backbone.handle, trainable=True, input_shape=(*(backbone.spec.image_size,) * 2, 3))
    layer.build((None, backbone.spec.image_size, backbone.spec.image_size, 3))
    block = last_block(layer.trainable_weights, backbone.spec.name)
    variables = [*block, *head.trainable_variables]
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(variables)
    size = backbone.spec.image_size
    training_images = dataset.load(splits[0])
    count = int(training_images.cardinality())
    training = batches(training_images, size, shuffle_buffer=max(1, count // 4), seed=seed)
    validation = batches(dataset.load(splits[1]), size)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function(reduce_retracing=True)
    def step(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = head(layer(images, training=False), training=True)
            loss = loss_of(labels, logits)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss, tf.reduce_sum(tf.cast(tf.argmax(logits, axis=1) == labels, tf.int32))

    history: dict[str, list[float]] = {name: [] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    for epoch in range(epochs):
        total_loss, right, seen = 0.0, 0, 0
        for images, labels in training:
            loss, hits = step(images, labels)
            total_loss, right, seen = total_loss + float(loss) * len(labels), right + int(hits), seen + len(labels)
        _, val_loss, val_accuracy = _evaluate(layer, head, validation)
        for name, value in zip(history, (total_loss / seen, right / seen, val_loss, val_accuracy), strict=True):
            history[name].append(value)
        progress(f"epoch {epoch + 1} of {epochs}: validation accuracy {val_accuracy:.3f}")
    return FineTuned(
        layer=layer,
        head=head,
        history=history,
        seconds=time.perf_counter() - started,
        num_parameters=int(sum(np.prod(v.shape) for v in variables)),
        variables=tuple(v.name for v in block),
    )


def _evaluate(layer: Any, head: keras.Model, images: tf.data.Dataset) -> tuple[NDArray[np.float32], float, float]:
    """Return logits (n, classes), cross-entropy in nats and accuracy on batches of images."""
    import tensorflow as tf
    import tf_keras as keras

    forward = tf.function(lambda batch: head(layer(batch, training=False), training=False), reduce_retracing=True)
    logits, labels = [], []
    for batch, classes in images:
        logits.append(forward(batch).numpy())
        labels.append(classes.numpy())
    all_logits, all_labels = np.concatenate(logits), np.concatenate(labels)
    losses = keras.losses.sparse_categorical_crossentropy(all_labels, all_logits, from_logits=True)
    return all_logits, float(np.mean(losses)), float((all_logits.argmax(axis=1) == all_labels).mean())
