"""Compare backbones honestly: accuracy with its uncertainty, and what the accuracy costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from flowercourse import style
from flowercourse.errors import CourseError
from flowercourse.wording import p_value
from solutions.evaluation.intervals import PairedDifference, paired_difference
from solutions.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Contestant:
    """One backbone in the comparison.

    Attributes:
        name: How it is called in the figure.
        accuracy: Share of pictures classified right, in [0, 1].
        interval: Confidence interval of the accuracy.
        seconds: Time to compute all features once and to train the head.
        parameters: Number of weights, frozen and head.
        trained: Whether the backbone's weights were trained; where not, the figure says so.
    """

    name: str
    accuracy: float
    interval: tuple[float, float]
    seconds: float
    parameters: int
    trained: bool = True


def compare(first: Predictions, second: Predictions, confidence: float = 0.95) -> PairedDifference:
    """Compare two models' predictions on the same images.

    Args:
        first: What one model predicted.
        second: What the other predicted about the same images, in the same order.
        confidence: Confidence of the interval of the difference.

    Raises:
        CourseError: If the labels differ, so that these cannot be the same images.
    """
    if not np.array_equal(first.labels, second.labels):
        raise CourseError(
            "The two models were not tested on the same pictures",
            "their labels differ",
            "Predict the same split in the same order with both",
        )
    return paired_difference(
        only_first=int((first.right & ~second.right).sum()),
        only_second=int((second.right & ~first.right).sum()),
        trials=len(first),
        confidence=confidence,
    )


def compare_all(predictions: dict[str, Predictions]) -> dict[tuple[str, str], PairedDifference]:
    """Compare each model with each that comes after it.

    Args:
        predictions: What each model, by name, predicted about the same images.

    Returns:
        A comparison for each pair of names.
    """
    return {(a, b): compare(predictions[a], predictions[b]) for a, b in combinations(predictions, 2)}


def describe_difference(first: str, second: str, result: PairedDifference) -> str:
    """Say in a sentence which of two models is better, or that the images don't tell.

    >>> from solutions.evaluation.intervals import paired_difference
    >>> describe_difference("A", "B", paired_difference(30, 10, 500))
    'A is better than B: 4.0 points of accuracy more (95 % interval 1.5 to 6.5, p = 0.0022).'
    """
    low, high = (100 * end for end in result.interval)
    percent = f"{100 * result.confidence:g} % interval"
    p = p_value(result.p_value)
    if not result.only_first and not result.only_second:
        return f"These pictures don't tell {first} and {second} apart: both are right on the same ones."
    if not result.tells_apart:
        return (
            f"These pictures don't tell {first} and {second} apart: {second} minus {first} is"
            f" {_points(result.difference)} of accuracy ({percent} {low:+.1f} to {high:+.1f}, {p})."
        )
    better, worse = (second, first) if result.difference > 0 else (first, second)
    ends = (low, high) if result.difference > 0 else (-high, -low)
    return (
        f"{better} is better than {worse}: {100 * abs(result.difference):.1f} points of accuracy more"
        f" ({percent} {ends[0]:.1f} to {ends[1]:.1f}, {p})."
    )


def _points(share: float) -> str:
    """Write a difference of shares in percentage points, without a sign where it rounds to zero."""
    text = f"{100 * share:+.1f}"
    return f"{'0.0' if float(text) == 0 else text} points"


def plot_comparison(contestants: Sequence[Contestant]) -> Figure:
    """Draw accuracy with its interval, time and number of parameters, one row a backbone.

    Args:
        contestants: The backbones, at least one; the first stands on top.

    Returns:
        A figure with three axes that share their rows. A backbone with untrained weights is hatched and hollow, and
        its name says so.
    """
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(10, 1.35 + 0.62 * len(contestants)), sharey=True)
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.17, right=0.97, wspace=0.16, top=1 - 0.45 / height, bottom=0.62 / height)
    names = [c.name if c.trained else f"{c.name}\n(untrained)" for c in contestants]
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.45, -0.55)
    _draw_accuracy(panels[0], contestants)
    _draw_bars(panels[1], contestants, [c.seconds for c in contestants], "{:.1f} s")
    _draw_bars(panels[2], contestants, [c.parameters / 1e6 for c in contestants], "{:.2f}")
    panels[0].set(title="Accuracy, 95 % interval", xlabel="pictures classified right (%)")
    panels[1].set(title="Time", xlabel="features once + head (s)")
    panels[2].set(title="Parameters", xlabel="millions of weights")
    return figure


def _draw_accuracy(ax: Axes, contestants: Sequence[Contestant]) -> None:
    for row, c in enumerate(contestants):
        low, high = (100 * end for end in c.interval)
        color = style.RIGHT if c.trained else style.WRONG
        ax.plot([low, high], [row, row], color=color, linewidth=2.5, linestyle="-" if c.trained else ":")
        ax.plot(
            100 * c.accuracy,
            row,
            "o",
            markersize=9,
            markeredgecolor=color,
            markeredgewidth=2,
            markerfacecolor=color if c.trained else "white",
        )
        ax.annotate(f"{100 * c.accuracy:.1f}", (100 * c.accuracy, row), (0, 9), textcoords="offset points", ha="center")
    lowest = min(100 * c.interval[0] for c in contestants)
    ax.set_xlim(max(0, 10 * np.floor(lowest / 10 - 0.2)), 101)


def _draw_bars(ax: Axes, contestants: Sequence[Contestant], values: Sequence[float], form: str) -> None:
    for row, (c, value) in enumerate(zip(contestants, values, strict=True)):
        looks: dict[str, Any] = {"color": "#9dc1ee"} if c.trained else {"color": "white", "hatch": "///"}
        ax.barh(row, value, height=0.5, edgecolor=style.RIGHT if c.trained else style.WRONG, **looks)
        ax.annotate(form.format(value), (value, row), (5, 0), textcoords="offset points", va="center")
    ax.set_xlim(0, 1.28 * max(*values, 1e-9))
    ax.grid(axis="y", visible=False)
