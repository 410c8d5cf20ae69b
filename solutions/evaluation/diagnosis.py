"""Say what learning curves show, with the numbers it rests on and what to try next.

Six names, in the order in which they are ruled out:

1. unstable: the loss jumps up and down, or is no number any more; the learning rate is too high.
2. suspicious validation: validation is better than training throughout, beyond chance.
3. overfitting: training is far better than validation, or validation loss has risen from its best.
4. still improving: validation loss was still falling when training stopped.
5. underfitting: the curves have leveled off at a low training accuracy.
6. good fit: none of these.

The thresholds were tuned on half of the runs that ``benchmarks/regimes.py`` records, and are tested on the other half.
They suit a head on frozen features and a handful of classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression

import numpy as np
from numpy.typing import NDArray

from flowercourse.errors import CourseError
from solutions.evaluation.histories import History, read_history

NAMES = ("good fit", "overfitting", "underfitting", "still improving", "unstable", "suspicious validation")
"""What a diagnosis can be called."""

MIN_EPOCHS = 3
"""Fewer points make no curve."""


@dataclass(frozen=True)
class Thresholds:
    """Where one name ends and the next begins; accuracies in [0, 1], losses in nats.

    Attributes:
        absurd_loss: The lowest validation loss of a model that is right more often than not, if its weights are so
            large that it is sure of its mistakes, too. Guessing between two classes costs 0.7 nats.
        hopeless_loss: The same whatever its accuracy: guessing among a thousand classes costs 6.9 nats.
        swing: How far, relative to its neighbors, a peak of a loss stands out in a jumpy curve.
        swings: Number of such peaks that make a curve unstable.
        lead: By how much validation accuracy is above training accuracy, on average over the epochs.
        smallest_lead: The same in the worst epoch, with some room for chance.
        loss_lead: By how much validation loss is below training loss, as a share of it.
        gap: By how much training accuracy is above validation accuracy in the last third of the epochs.
        rise: How far validation loss has risen from its best, as a share of it.
        still_falling: How much validation loss falls an epoch in the last third of the epochs.
        low_accuracy: A training accuracy that a head on good features exceeds.
    """

    absurd_loss: float = 2.0
    hopeless_loss: float = 10.0
    swing: float = 0.2
    swings: int = 2
    lead: float = 0.02
    smallest_lead: float = -0.01
    loss_lead: float = 0.05
    gap: float = 0.15
    rise: float = 0.3
    still_falling: float = 0.03
    low_accuracy: float = 0.85


THRESHOLDS = Thresholds()


@dataclass(frozen=True)
class Diagnosis:
    """What curves show.

    Attributes:
        name: One of ``NAMES``.
        evidence: The numbers that it rests on, by name; accuracies in [0, 1], losses in nats.
        summary: The finding in a sentence, with numbers.
        advice: What to try next, the most promising first.
    """

    name: str
    evidence: dict[str, float | None]
    summary: str
    advice: tuple[str, ...]


def diagnose(history: Mapping[str, Sequence[float]]) -> Diagnosis:
    """Name what learning curves show.

    Works for training measures taken at the end of each epoch and for Keras' running means alike.

    Args:
        history: ``fit(...).history`` with loss, accuracy, val_loss and val_accuracy, of at least three epochs. A loss
            that is not a number is an answer in itself: the run was unstable.

    Returns:
        The diagnosis with its evidence.

    Raises:
        CourseError: If a measure is missing, the lengths differ, an accuracy is out of range, or there are fewer than
            three epochs.

    >>> falling = [1.2, 0.9, 0.7, 0.5, 0.4]
    >>> rising = [0.5, 0.6, 0.7, 0.8, 0.85]
    >>> diagnose({"loss": falling, "accuracy": rising, "val_loss": falling, "val_accuracy": rising}).name
    'still improving'
    """
    record = read_history(history)
    if record.diverged_at is not None:
        return _diverged(record)
    if record.epochs < MIN_EPOCHS:
        raise CourseError(
            f"The learning curves of {record.epochs} epoch{'s' if record.epochs > 1 else ''} were not diagnosed",
            f"a curve needs at least {MIN_EPOCHS} points",
            f"Train for at least {MIN_EPOCHS} epochs",
        )
    evidence = measure(record)
    name = decide(evidence)
    return Diagnosis(name, dict(evidence), _SUMMARIES[name].format(**evidence), _ADVICE[name])


def measure(record: History) -> dict[str, float]:
    """Return the numbers that a diagnosis rests on.

    Args:
        record: A history of at least two epochs whose losses are all finite.
    """
    tail = slice(record.epochs - max(3, -(-record.epochs // 3)), None) if record.epochs > 3 else slice(0, None)
    best = int(np.argmin(record.val_loss))
    lead, loss_lead = leads(record)
    return {
        "epochs": float(record.epochs),
        "training_accuracy": float(record.accuracy[tail].mean()),
        "validation_accuracy": float(record.val_accuracy[tail].mean()),
        "gap": float((record.accuracy - record.val_accuracy)[tail].mean()),
        "validation_lead": float(lead.mean()),
        "smallest_lead": float(lead.min()),
        "loss_lead": loss_lead,
        "best_epoch": float(best + 1),
        "rise_since_best": float(record.val_loss[-2:].mean() / max(record.val_loss[best], 1e-9) - 1),
        "fall_per_epoch": -slope(record.val_loss[tail]),
        "swings": float(max(swings(record.loss), swings(record.val_loss))),
        "lowest_loss": float(record.val_loss[best]),
    }


def leads(record: History) -> tuple[NDArray[np.float64], float]:
    """Return by how much validation is better than training, in accuracy for each epoch but the first, and in loss.

    Keras' training measures are means over an epoch, so they belong to its middle, half an epoch before validation is
    measured. Validation is therefore taken there too: halfway between two epochs' ends. Where training is measured at
    the end, this makes validation look a little worse than it is, which is the safe side.

    Returns:
        Leads in accuracy, shape (epochs - 1,), and the mean lead in loss as a share of the training loss.
    """
    middle = (record.val_accuracy[1:] + record.val_accuracy[:-1]) / 2
    middle_loss = (record.val_loss[1:] + record.val_loss[:-1]) / 2
    training_loss = record.loss[1:].mean()
    return middle - record.accuracy[1:], float((training_loss - middle_loss.mean()) / max(training_loss, 1e-9))


def slope(values: NDArray[np.float64]) -> float:
    """Return how much values grow from one to the next, by least squares.

    >>> slope(np.array([1.0, 3.0, 5.0]))
    2.0
    """
    return linear_regression(range(len(values)), values.tolist()).slope


def swings(loss: NDArray[np.float64], swing: float = THRESHOLDS.swing) -> int:
    """Count the epochs whose loss stands out above both neighbors by a share of at least ``swing``, and by 0.1 nats.

    >>> swings(np.array([1.0, 2.0, 1.0, 0.9, 1.8, 1.0]))
    2
    """
    inner = loss[1:-1]
    neighbors = np.maximum(loss[:-2], loss[2:])
    return int(np.sum((inner > (1 + swing) * neighbors) & (inner > neighbors + 0.1)))


def decide(evidence: Mapping[str, float], thresholds: Thresholds = THRESHOLDS) -> str:
    """Return the name that the evidence of ``measure`` stands for."""
    if _is_absurd(evidence, thresholds) or evidence["swings"] >= thresholds.swings:
        return "unstable"
    if (
        evidence["validation_lead"] > thresholds.lead
        and evidence["smallest_lead"] > thresholds.smallest_lead
        and evidence["loss_lead"] > thresholds.loss_lead
    ):
        return "suspicious validation"
    if evidence["gap"] > thresholds.gap or evidence["rise_since_best"] > thresholds.rise:
        return "overfitting"
    if evidence["fall_per_epoch"] > thresholds.still_falling:
        return "still improving"
    if evidence["training_accuracy"] < thresholds.low_accuracy:
        return "underfitting"
    return "good fit"


def _is_absurd(evidence: Mapping[str, float], thresholds: Thresholds) -> bool:
    """Return whether even the best validation loss is far too high for the accuracy."""
    lowest = evidence["lowest_loss"]
    right_mostly = evidence["validation_accuracy"] > 0.5
    return lowest > thresholds.hopeless_loss or (right_mostly and lowest > thresholds.absurd_loss)


def _diverged(record: History) -> Diagnosis:
    """Return the diagnosis of a run whose loss stopped being a number."""
    evidence = {"epochs": float(record.epochs), "diverged_at": float(record.diverged_at or 0)}
    summary = f"The loss is no number any more from epoch {record.diverged_at} of {record.epochs}: training diverged."
    return Diagnosis(
        "unstable", dict(evidence), summary, ("Check the inputs for NaN and infinity.", *_ADVICE["unstable"])
    )


_SUMMARIES = {
    "unstable": (
        "The loss is out of hand: validation loss never gets below {lowest_loss:.2f} nats, at a validation accuracy of"
        " {validation_accuracy:.3f}. Epochs whose loss stands out as a peak: {swings:.0f}."
    ),
    "suspicious validation": (
        "Validation is better than training throughout, by {validation_lead:.3f} in accuracy on average and"
        " {loss_lead:.0%} in loss. Unseen pictures should not be easier."
    ),
    "overfitting": (
        "Training accuracy is {training_accuracy:.3f} where validation has {validation_accuracy:.3f}. Validation loss"
        " is lowest in epoch {best_epoch:.0f}, and at the end {rise_since_best:.0%} above that."
    ),
    "still improving": (
        "Validation loss was still falling by {fall_per_epoch:.3f} nats an epoch when training stopped after"
        " {epochs:.0f} epochs."
    ),
    "underfitting": (
        "The curves have leveled off, and even on its own training pictures the model gets only {training_accuracy:.3f}"
        " right (validation: {validation_accuracy:.3f})."
    ),
    "good fit": (
        "Training accuracy {training_accuracy:.3f} and validation accuracy {validation_accuracy:.3f} lie close"
        " together, and the curves have leveled off."
    ),
}

_ADVICE = {
    "unstable": (
        "Divide the learning rate by ten, and again if that is not enough.",
        "Check that pictures are scaled to [0, 1] as the backbone expects.",
    ),
    "suspicious validation": (
        "Look for pictures that are in both parts: duplicates, or copies made before splitting.",
        "Check whether training pictures are augmented, or their labels noisier, and validation pictures are not.",
        "Measure training without dropout and augmentation, at the end of the epoch, before drawing conclusions.",
    ),
    "overfitting": (
        "Get more training pictures, or augment those there are.",
        "Stop at the epoch with the lowest validation loss.",
        "Add dropout or an L2 penalty to the head, and look for wrong labels.",
    ),
    "still improving": (
        "Train for more epochs, until validation loss stops falling.",
        "If that takes long, raise the learning rate, at most tenfold.",
    ),
    "underfitting": (
        "Check the preprocessing and the backbone's weights: features may say little about these pictures.",
        "Reduce dropout and penalties.",
        "Give the model more to work with: a larger head, another backbone, or fine-tuning of its last block.",
    ),
    "good fit": (
        "Judge it once on the test pictures, and stop tuning.",
        "For more, get more pictures, try another backbone, or fine-tune the last block.",
    ),
}
