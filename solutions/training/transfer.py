"""Train a head on frozen features, with the same steps of optimization as the classic procedure takes.

A frozen backbone gives an image the same features in every epoch, so the head alone is trained, on features that were
computed once. Batches, optimizer, loss, initialization and shuffling are what ``model.fit`` does on images; only the
repeated forward pass of the backbone is left out.

What the recorded training accuracy means: Keras reports the running mean over an epoch, during which the head still
improves, beside a validation accuracy measured at the epoch's end. This makes validation look better than training,
most of all in the first epochs. Here both are measured on the same head at the end of each epoch (``MEASURED``). That
costs nothing on features. The running mean is kept beside it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import log_softmax

from flowercourse.errors import CourseError

if TYPE_CHECKING:
    import tf_keras as keras
    from numpy.typing import NDArray

MEASURED = "at the end of each epoch, training and validation on the same head"
"""How the accuracies and losses of a ``TrainedHead.history`` are measured."""


@dataclass(frozen=True)
class HeadSettings:
    """How a head is trained.

    Attributes:
        epochs: Passes over the training set, at least 1.
        batch_size: Images a step.
        learning_rate: Adam's learning rate.
        seed: Seed of initialization and shuffling.
        l2: Weight of the L2 penalty on the head's kernel; 0 for none.
        dropout: Share of the features that is dropped in training, in [0, 1).
    """

    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 1e-3
    seed: int = 0
    l2: float = 0.0
    dropout: float = 0.0


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A trained head and how it came about.

    Attributes:
        model: Keras model from features float32 (n, features) to logits float32 (n, classes).
        history: loss, accuracy, val_loss, val_accuracy: one number an epoch, measured at its end.
        running: The same as Keras' own ``fit`` reports it: training measures are running means over the epoch.
        seconds: Time that training took.
    """

    model: keras.Model
    history: dict[str, list[float]]
    running: dict[str, list[float]]
    seconds: float
    settings: HeadSettings = field(default_factory=HeadSettings)

    def logits(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits (n, classes) for features (n, features)."""
        return apply_head(self.model, x)


def build_head(
    num_features: int, num_classes: int, settings: HeadSettings | None = None, *, steps_per_execution: int = 1
) -> keras.Model:
    """Return an untrained head: one dense layer from features to logits, compiled.

    Args:
        num_features: Length of a feature vector, 1,280 for MobileNet V2.
        num_classes: Number of classes, and of logits.
        settings: Learning rate, regularization and seed.
        steps_per_execution: How many steps ``fit`` runs in one call of TensorFlow; more of them are faster, and the
            same steps.

    Returns:
        A compiled Keras model with ``(num_features + 1) * num_classes`` parameters. It has no softmax: the loss works
        on logits, which is numerically safer.
    """
    import tf_keras as keras

    settings = settings or HeadSettings()
    head = keras.layers.Dense(
        num_classes,
        name="head",
        kernel_initializer=keras.initializers.GlorotUniform(seed=settings.seed),
        kernel_regularizer=keras.regularizers.L2(settings.l2) if settings.l2 else None,
    )
    layers = [keras.layers.Input((num_features,), name="features")]
    if settings.dropout:
        layers.append(keras.layers.Dropout(settings.dropout, seed=settings.seed))
    model = keras.Sequential([*layers, head])
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    return model


def train_head(
    training: tuple[NDArray[np.float32], NDArray[np.int64]],
    validation: tuple[NDArray[np.float32], NDArray[np.int64]],
    *,
    num_classes: int,
    settings: HeadSettings | None = None,
) -> TrainedHead:
    """Train a head on features.

    Args:
        training: Features float32 (n, features) and classes int64 (n,).
        validation: The same of other images; looked at after each epoch, never trained on.
        num_classes: Number of classes.
        settings: Epochs, batch size, learning rate, seed, regularization.

    Returns:
        The head with its history. The same seed gives the same head on the same machine (Keras' and TensorFlow's global
        seeds are set).

    Raises:
        CourseError: If a set is empty or its features and classes differ in number.
    """
    import tf_keras as keras

    settings = settings or HeadSettings()
    _check_set("training", training)
    _check_set("validation", validation)
    started = time.perf_counter()
    keras.utils.set_random_seed(settings.seed)
    x, y = np.asarray(training[0], dtype=np.float32), np.asarray(training[1])
    steps = -(-len(x) // settings.batch_size)
    model = build_head(x.shape[1], num_classes, settings, steps_per_execution=steps)
    end_of_epoch: dict[str, list[float]] = {name: [] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
    penalties: list[float] = []

    def measure(epoch: int, logs: dict[str, Any]) -> None:
        for prefix, (features, labels) in (("", (x, y)), ("val_", validation)):
            loss, accuracy = evaluate(model, features, labels)
            end_of_epoch[f"{prefix}loss"].append(loss)
            end_of_epoch[f"{prefix}accuracy"].append(accuracy)
        penalties.append(float(sum(model.losses)))

    fitted = model.fit(
        x,
        y,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        shuffle=True,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=measure)],
    )
    running = {name: [float(value) for value in values] for name, values in fitted.history.items()}
    # Keras adds the penalty of regularization to both losses.
    running["val_loss"] = [loss + penalty for loss, penalty in zip(end_of_epoch["val_loss"], penalties, strict=True)]
    running["val_accuracy"] = end_of_epoch["val_accuracy"]
    return TrainedHead(model, end_of_epoch, running, time.perf_counter() - started, settings)


def apply_head(model: keras.Model, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the head's logits (n, classes): features times kernel plus bias, without Keras' overhead."""
    kernel, bias = model.get_layer("head").get_weights()
    return np.asarray(x) @ kernel + bias


def evaluate(model: keras.Model, x: NDArray[np.float32], y: NDArray[np.int64]) -> tuple[float, float]:
    """Return cross-entropy in nats (no penalty, no dropout) and accuracy in [0, 1] of a head on features."""
    logits = apply_head(model, x).astype(np.float64)
    if not np.isfinite(logits).all():
        return float("nan"), float((logits.argmax(axis=1) == y).mean())
    loss = float(-log_softmax(logits, axis=1)[np.arange(len(y)), y].mean())
    return loss, float((logits.argmax(axis=1) == y).mean())


def _check_set(name: str, pair: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    x, y = pair
    if len(x) != len(y):
        raise CourseError(
            f"The {name} set has {len(x)} pictures and {len(y)} classes", "each has one", "Check the split"
        )
    if not len(x):
        raise CourseError(f"The {name} set is empty", "no picture fell into it", "Use more pictures or another split")
