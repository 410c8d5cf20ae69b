"""From logits to judgments: probabilities, predicted classes, confusion matrix, recall, calibration.

Logits and probabilities are float arrays of shape (n, classes), labels and predicted classes integer arrays of shape
(n,), classes numbered from 0 in the data set's order. Numbers only; ``solutions.figures.prediction_figures`` draws
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from flowercourse.errors import CourseError
from solutions.evaluation.intervals import wilson


def probabilities(logits: ArrayLike) -> NDArray[np.float64]:
    """Return the softmax of logits.

    Args:
        logits: Any real numbers, shape (n, classes).

    Returns:
        Probabilities in [0, 1], shape (n, classes), each row adding up to 1.

    >>> probabilities([[0.0, 0.0]]).tolist()
    [[0.5, 0.5]]
    """
    return softmax(np.asarray(logits, dtype=np.float64), axis=-1)


@dataclass(frozen=True)
class ClassResult:
    """How one class fared.

    Attributes:
        name: The class's name.
        count: Number of its images.
        recall: Share of its images that were recognized, in [0, 1]; None where it has no image.
        recall_interval: 95 % Wilson interval of the recall; None where the class has no image.
        precision: Share of the images given this name that are of this class; None where none was given it.
    """

    name: str
    count: int
    recall: float | None
    recall_interval: tuple[float, float] | None
    precision: float | None


@dataclass(frozen=True)
class CalibrationBin:
    """Predictions whose confidence lies between two bounds.

    Attributes:
        low: Lower bound of the confidence, in [0, 1].
        high: Upper bound of the confidence, in [0, 1].
        count: Number of predictions.
        confidence: Their mean confidence; None where there are none.
        accuracy: Share of them that are right; None where there are none.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model said about images whose classes are known.

    Attributes:
        probabilities: float64 (n, classes), rows add up to 1.
        labels: int64 (n,), the true classes.
        class_names: The classes' names in order.
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise CourseError where shapes or classes don't fit together."""
        expected = (len(self.labels), len(self.class_names))
        if self.probabilities.shape != expected:
            raise CourseError(
                f"Probabilities of shape {self.probabilities.shape} don't fit",
                f"{expected[0]} labels and {expected[1]} class names ask for {expected}",
                "pass one row a picture and one column a class",
            )
        if np.any((self.labels < 0) | (self.labels >= len(self.class_names))):
            raise CourseError(
                "A label names no class", f"classes are 0 to {len(self.class_names) - 1}", "check the order of classes"
            )

    @classmethod
    def from_logits(cls, logits: ArrayLike, labels: ArrayLike, class_names: tuple[str, ...]) -> Predictions:
        """Return the predictions that logits of shape (n, classes) stand for."""
        return cls(probabilities(logits), np.asarray(labels, dtype=np.int64), tuple(class_names))

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each image, int64 (n,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The probability of the predicted class, float64 (n,)."""
        return self.probabilities.max(axis=1)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each prediction is right, bool (n,)."""
        return self.predicted == self.labels

    @property
    def correct(self) -> int:
        """Number of right predictions."""
        return int(self.right.sum())

    @property
    def accuracy(self) -> float:
        """Share of right predictions, in [0, 1].

        Raises:
            CourseError: If there is no prediction.
        """
        if not len(self):
            raise CourseError("There is nothing to judge", "No picture was predicted", "Use a larger part of the data")
        return self.correct / len(self)

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        chosen = self.probabilities[np.arange(len(self)), self.labels]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    def take(self, places: NDArray[np.int64]) -> Predictions:
        """Return the predictions at some places, int64 (m,), in that order; there may be none of them."""
        return Predictions(self.probabilities[places], self.labels[places], self.class_names)

    def worst_mistakes(self, count: int = 10) -> NDArray[np.int64]:
        """Return the places of the most confident wrong predictions, int64 (at most count,), the worst first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:count]


def confusion_matrix(predictions: Predictions) -> NDArray[np.int64]:
    """Count how often each class was taken for each other.

    Returns:
        int64 (classes, classes): entry [i, j] counts images of class i that were called class j.
    """
    size = len(predictions.class_names)
    pairs = predictions.labels * size + predictions.predicted
    return np.bincount(pairs, minlength=size * size).reshape(size, size)


def class_results(predictions: Predictions) -> tuple[ClassResult, ...]:
    """Return each class's recall, with interval, and precision, in the order of classes."""
    matrix = confusion_matrix(predictions)
    results = []
    for index, name in enumerate(predictions.class_names):
        hits, count, named = int(matrix[index, index]), int(matrix[index].sum()), int(matrix[:, index].sum())
        results.append(
            ClassResult(
                name=name,
                count=count,
                recall=hits / count if count else None,
                recall_interval=wilson(hits, count) if count else None,
                precision=hits / named if named else None,
            )
        )
    return tuple(results)


def calibration(predictions: Predictions, bins: int = 10) -> tuple[CalibrationBin, ...]:
    """Compare confidence with accuracy: of the predictions made with 80 % confidence, 80 % should be right.

    Args:
        predictions: What was predicted.
        bins: Number of bins of equal width over [0, 1].

    Returns:
        One entry a bin, empty ones included.
    """
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.digitize(predictions.confidence, edges[1:-1], right=True), 0, bins - 1)
    results = []
    for index in range(bins):
        inside = which == index
        count = int(inside.sum())
        results.append(
            CalibrationBin(
                low=float(edges[index]),
                high=float(edges[index + 1]),
                count=count,
                confidence=float(predictions.confidence[inside].mean()) if count else None,
                accuracy=float(predictions.right[inside].mean()) if count else None,
            )
        )
    return tuple(results)


def calibration_error(predictions: Predictions, bins: int = 10) -> float:
    """Return the expected calibration error: the gap between confidence and accuracy, averaged over predictions.

    Source: M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015.

    Returns:
        A share in [0, 1]; 0 means that confidence can be taken at its word.
    """
    gaps = [
        b.count * abs(b.confidence - b.accuracy)
        for b in calibration(predictions, bins)
        if b.confidence is not None and b.accuracy is not None
    ]
    return sum(gaps) / len(predictions)
