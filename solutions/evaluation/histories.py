"""A history: what Keras' ``fit`` returns in ``History.history``, checked once and then relied upon.

A history maps names of measures to one number an epoch. Four measures matter here, each as a list of floats:
``loss`` and ``val_loss`` in nats (cross-entropy, at least 0), ``accuracy`` and ``val_accuracy`` in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowercourse.errors import CourseError

ALIASES = {
    "loss": ("loss",),
    "accuracy": ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy"),
    "val_loss": ("val_loss",),
    "val_accuracy": ("val_accuracy", "val_acc", "val_sparse_categorical_accuracy", "val_categorical_accuracy"),
}
"""The names under which Keras may have recorded each measure."""


@dataclass(frozen=True)
class History:
    """A checked history: four arrays of float64, shape (epochs,), one value an epoch.

    Attributes:
        loss: Training loss; may hold NaN or infinity where training diverged.
        accuracy: Training accuracy in [0, 1].
        val_loss: Validation loss; may hold NaN or infinity where training diverged.
        val_accuracy: Validation accuracy in [0, 1].
    """

    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    val_loss: NDArray[np.float64]
    val_accuracy: NDArray[np.float64]

    @property
    def epochs(self) -> int:
        """Number of epochs."""
        return len(self.loss)

    @property
    def diverged_at(self) -> int | None:
        """First epoch, counted from 1, whose training or validation loss is not a number; None where all are."""
        bad = ~(np.isfinite(self.loss) & np.isfinite(self.val_loss))
        return int(np.argmax(bad)) + 1 if bad.any() else None


def read_history(history: Mapping[str, Sequence[float]]) -> History:
    """Check a history and return it as arrays.

    Args:
        history: ``fit(...).history``: a mapping from names of measures to one number an epoch.

    Returns:
        The four measures, all of the same length of at least one epoch.

    Raises:
        CourseError: If a measure is missing, not a list of numbers, out of range, or longer than another.

    >>> read_history({"loss": [1.2], "accuracy": [0.5], "val_loss": [1.3], "val_accuracy": [0.4]}).epochs
    1
    """
    if not isinstance(history, Mapping):
        raise CourseError(
            f"A history of type {type(history).__name__} cannot be read",
            "it is a mapping from names of measures to lists of numbers",
            "pass model.fit(...).history",
        )
    arrays = {name: _measure(history, name) for name in ALIASES}
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise CourseError(
            "The history's measures have unequal lengths",
            ", ".join(f"{name} has {count}" for name, count in lengths.items()),
            "each needs one number an epoch; set validation_freq=1, and don't join histories of different runs",
        )
    if not lengths["loss"]:
        raise CourseError("The history is empty", "it holds no epoch", "train for at least one epoch")
    return History(**arrays)


def _measure(history: Mapping[str, Sequence[float]], name: str) -> NDArray[np.float64]:
    """Return one measure as an array, whatever alias it was recorded under."""
    key = next((alias for alias in ALIASES[name] if alias in history), None)
    if key is None:
        advice = (
            "pass validation_data=... to fit"
            if name.startswith("val_")
            else 'compile the model with a loss and metrics=["accuracy"]'
        )
        raise CourseError(f"The history has no {name}", f"it has {', '.join(map(str, history)) or 'nothing'}", advice)
    try:
        values = np.asarray(history[key], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CourseError(
            f"The history's {key} is no list of numbers", str(error), "pass fit(...).history unchanged"
        ) from error
    if values.ndim != 1:
        raise CourseError(
            f"The history's {key} has {values.ndim} dimensions", "it has one number an epoch", "pass a flat list"
        )
    _check_range(key, values, is_loss=name.endswith("loss"))
    return values


def _check_range(key: str, values: NDArray[np.float64], *, is_loss: bool) -> None:
    """Raise where a measure cannot be what its name says; losses may diverge to NaN or infinity."""
    finite = values[np.isfinite(values)]
    if is_loss:
        return
    if len(finite) < len(values):
        raise CourseError(f"The history's {key} has values that are no numbers", "an accuracy is a share", "record it")
    if finite.size and (finite.min() < 0 or finite.max() > 1):
        worst = finite[np.argmax(np.abs(finite - 0.5))]
        raise CourseError(
            f"The history's {key} leaves the range from 0 to 1",
            f"it reaches {worst:g}",
            "pass shares, not percentages",
        )


def as_lists(history: Mapping[str, Sequence[float]]) -> dict[str, list[float | None]]:
    """Return a history as plain lists for JSON, which knows no NaN: what is not finite becomes None.

    >>> as_lists({"loss": [1.0, float("nan")]})
    {'loss': [1.0, None]}
    """
    return {
        name: [float(value) if math.isfinite(value) else None for value in values] for name, values in history.items()
    }
