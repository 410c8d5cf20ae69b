"""Learning curves: accuracy and loss of training and validation, epoch by epoch.

Training and validation differ in color, marker and line style, and are named where the curves end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from flowercourse import style
from solutions.evaluation.histories import read_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def plot_accuracy(history: Mapping[str, Sequence[float]], *, ax: Axes | None = None) -> Axes:
    """Draw training and validation accuracy against the epoch.

    Args:
        history: ``fit(...).history`` with loss, accuracy, val_loss and val_accuracy.
        ax: Where to draw; a new figure's axes when None.

    Returns:
        The axes drawn on.

    Raises:
        CourseError: If the history is incomplete (see ``histories.read_history``).
    """
    record = read_history(history)
    ax = _axes(ax)
    _draw(ax, record.accuracy, record.val_accuracy)
    low = min(record.accuracy.min(), record.val_accuracy.min())
    ax.set_ylim(max(0.0, np.floor(low * 10 - 0.5) / 10), 1.005)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}".replace("%", " %"))
    ax.set(title="Accuracy", ylabel="pictures classified right")
    ax.legend(loc="lower right")
    return ax


def plot_loss(history: Mapping[str, Sequence[float]], *, ax: Axes | None = None) -> Axes:
    """Draw training and validation loss against the epoch, and mark the epoch of the lowest validation loss.

    Args:
        history: ``fit(...).history`` with loss, accuracy, val_loss and val_accuracy; losses in nats.
        ax: Where to draw; a new figure's axes when None.

    Returns:
        The axes drawn on.

    Raises:
        CourseError: If the history is incomplete (see ``histories.read_history``).
    """
    record = read_history(history)
    ax = _axes(ax)
    _draw(ax, record.loss, record.val_loss)
    losses = np.concatenate([record.loss, record.val_loss])
    highest = losses[np.isfinite(losses)].max(initial=0.0)
    ax.set_ylim(0, 1.08 * highest if highest > 0 else 1)
    ax.set(title="Loss", ylabel="cross-entropy (nats)")
    if np.isfinite(record.val_loss).all():
        best = int(np.argmin(record.val_loss))
        ax.plot(best + 1, record.val_loss[best], marker="*", markersize=15, color="none", markeredgecolor="#222222")
        ax.plot([], [], "*", color="none", markeredgecolor="#222222", markersize=12, label="lowest validation loss")
    else:
        ax.text(0.02, 0.04, f"loss is no number from epoch {record.diverged_at}", transform=ax.transAxes)
    ax.legend(loc="upper right")
    return ax


def plot_curves(history: Mapping[str, Sequence[float]], *, title: str = "") -> Figure:
    """Draw accuracy and loss side by side.

    Args:
        history: ``fit(...).history`` with loss, accuracy, val_loss and val_accuracy.
        title: Stands above both, such as the backbone's name.

    Returns:
        A figure with two axes.

    Raises:
        CourseError: If the history is incomplete (see ``histories.read_history``).
    """
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.1))
    figure.subplots_adjust(left=0.08, right=0.985, bottom=0.14, top=0.82 if title else 0.9, wspace=0.22)
    if title:
        figure.suptitle(title, x=0.012, y=0.975, ha="left", fontsize=13)
    plot_accuracy(history, ax=left)
    plot_loss(history, ax=right)
    return figure


def describe_curves(history: Mapping[str, Sequence[float]], measure: str) -> str:
    """Say in a sentence what a curve shows, for those who don't see it.

    Args:
        history: ``fit(...).history``.
        measure: ``"accuracy"`` or ``"loss"``.
    """
    record = read_history(history)
    training, validation = getattr(record, measure), getattr(record, f"val_{measure}")
    return (
        f"Curves of {measure} over {record.epochs} epoch{'s' if record.epochs > 1 else ''}: in training from"
        f" {training[0]:.2f} to {training[-1]:.2f}, in validation from {validation[0]:.2f} to {validation[-1]:.2f}."
    )


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def _draw(ax: Axes, training: NDArray[np.float64], validation: NDArray[np.float64]) -> None:
    """Draw two curves over epochs counted from 1."""
    from matplotlib.ticker import MaxNLocator

    epochs = np.arange(1, len(training) + 1)
    # Markers on every epoch hide the line of a long run.
    every = max(1, len(epochs) // 15)
    ax.plot(epochs, training, label="training", markevery=every, **style.TRAINING)
    ax.plot(epochs, validation, label="validation", markevery=every, **style.VALIDATION)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
