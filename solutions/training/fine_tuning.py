"""Fine-tune a backbone's last block, gently, once its head has been trained.

A fresh head sends large, meaningless gradients; they would spoil good features. So the head comes first, on the frozen
backbone, and then head and last block together at a learning rate a hundred times lower. Batch normalization keeps its
stored averages throughout (``training=False``): batches of 32 are too small to replace what a million images gave.

MobileNet V2 is cut below its last block. What lies below never changes, so what goes into the block is computed once
and kept like features (`flowercourse.block_inputs`), and an epoch takes seconds. Its batch normalization is folded into
the convolutions. Inception V3 is trained on images: ``hub.KerasLayer(handle, trainable=True)`` shows all of its
variables, those of the last block are told by their names (``LAST_BLOCK``), and gradients are computed for them alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowercourse import block_inputs
from flowercourse.backbones.forward import last_block as forward_last_block
from flowercourse.errors import CourseError
from solutions.training.preprocessing import BATCH_SIZE, batches

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
class Learner:
    """What learns, and what it learns from.

    Attributes:
        variables: The backbone's variables that are trained.
        forward: From inputs to logits, given whether this is for training.
        inputs: From a part's TFDS name to batches of (inputs, labels); with a seed, in another order each epoch.
    """

    variables: Sequence[Any]
    forward: Callable[[Any, bool], tf.Tensor]
    inputs: Callable[[str, int | None], tf.data.Dataset]


@dataclass(frozen=True, eq=False)
class FineTuned:
    """A fine-tuned classifier and how it came about.

    Attributes:
        learner: What was trained.
        head: The Keras head with its changed weights.
        history: loss and accuracy (running means over the epoch), val_loss and val_accuracy at the end of each epoch.
        seconds: Time that it took.
        num_parameters: Number of weights that were trained, those of the head included.
        variables: Names of the backbone's variables that were trained.
    """

    learner: Learner
    head: keras.Model
    history: dict[str, list[float]]
    seconds: float
    num_parameters: int
    variables: tuple[str, ...]

    def logits(self, part: str) -> NDArray[np.float32]:
        """Return logits (n, classes) for the images of a part, in their order."""
        return _evaluate(self.learner, part)[0]


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


def on_stored_maps(backbone: Backbone, head: keras.Model, dataset: Dataset) -> Learner:
    """Return MobileNet V2's last block with the head, to be trained on what the frozen part below it gives."""
    import tensorflow as tf

    _, block = forward_last_block.cut(backbone)

    def inputs(part: str, seed: int | None) -> tf.data.Dataset:
        maps = block_inputs.extract(backbone, dataset, part)
        labels = dataset.load(part, decode=False).map(lambda _, label: label)
        places = tf.data.Dataset.zip((tf.data.Dataset.range(len(maps)), labels)).cache()
        if seed is not None:
            places = places.shuffle(len(maps), seed=seed)

        def with_maps(chosen: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = tf.numpy_function(lambda numbers: maps[numbers].astype(np.float32), [chosen], tf.float32)
            return tf.ensure_shape(rows, (None, *maps.shape[1:])), labels

        return places.batch(BATCH_SIZE).map(with_maps).prefetch(2)

    return Learner(block.trainable_weights, lambda maps, training: head(block(maps), training=training), inputs)


def on_images(backbone: Backbone, head: keras.Model, dataset: Dataset) -> Learner:
    """Return a whole backbone with the head, of which the last block is to be trained on images.

    Raises:
        CourseError: If the backbone's last block was not found among its variables.
    """
    import tensorflow_hub as hub

    size = backbone.spec.image_size
    layer = hub.KerasLayer(backbone.handle, trainable=True, input_shape=(size, size, 3))
    layer.build((None, size, size, 3))

    def inputs(part: str, seed: int | None) -> tf.data.Dataset:
        images = dataset.load(part)
        buffer = None if seed is None else max(1, int(images.cardinality()) // 4)
        return batches(images, size, shuffle_buffer=buffer, seed=seed)

    def forward(images: tf.Tensor, training: bool) -> tf.Tensor:
        return head(layer(images, training=False), training=training)  # batch normalization stays frozen

    return Learner(last_block(layer.trainable_weights, backbone.spec.name), forward, inputs)


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
    """Train head and last block together.

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
    prepare = on_stored_maps if forward_last_block.can_be_cut(backbone) else on_images
    started = time.perf_counter()
    learner = prepare(backbone, head, dataset)
    history = train(learner, head, splits, epochs=epochs, learning_rate=learning_rate, seed=seed, progress=progress)
    return FineTuned(
        learner=learner,
        head=head,
        history=history,
        seconds=time.perf_counter() - started,
        num_parameters=int(sum(np.prod(v.shape) for v in (*learner.variables, *head.trainable_variables))),
        variables=tuple(v.name for v in learner.variables),
    )


def train(
    learner: Learner,
    head: keras.Model,
    splits: Sequence[str],
    *,
    epochs: int,
    learning_rate: float,
    seed: int,
    progress: Callable[[str], None],
) -> dict[str, list[float]]:
    """Train; see `fine_tune`. Returns the history."""
    import tensorflow as tf
    import tf_keras as keras

    variables = [*learner.variables, *head.trainable_variables]
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(variables)
    training = learner.inputs(splits[0], seed)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function(reduce_retracing=True)
    def step(batch: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            logits = learner.forward(batch, True)
            loss = loss_of(labels, logits)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss, tf.reduce_sum(tf.cast(tf.argmax(logits, axis=1) == labels, tf.int32))

    history: dict[str, list[float]] = {name: [] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    for epoch in range(epochs):
        total_loss, right, seen = 0.0, 0, 0
        for batch, labels in training:
            loss, hits = step(batch, labels)
            total_loss, right, seen = total_loss + float(loss) * len(labels), right + int(hits), seen + len(labels)
        _, val_loss, val_accuracy = _evaluate(learner, splits[1])
        for name, value in zip(history, (total_loss / seen, right / seen, val_loss, val_accuracy), strict=True):
            history[name].append(value)
        progress(f"epoch {epoch + 1} of {epochs}: validation accuracy {val_accuracy:.3f}")
    return history


def _evaluate(learner: Learner, part: str) -> tuple[NDArray[np.float32], float, float]:
    """Return logits (n, classes), cross-entropy in nats and accuracy on a part."""
    import tensorflow as tf
    import tf_keras as keras

    forward = tf.function(lambda batch: learner.forward(batch, False), reduce_retracing=True)
    logits, labels = [], []
    for batch, classes in learner.inputs(part, None):
        logits.append(forward(batch).numpy())
        labels.append(classes.numpy())
    all_logits, all_labels = np.concatenate(logits), np.concatenate(labels)
    losses = keras.losses.sparse_categorical_crossentropy(all_labels, all_logits, from_logits=True)
    return all_logits, float(np.mean(losses)), float((all_logits.argmax(axis=1) == all_labels).mean())
