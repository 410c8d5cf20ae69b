"""Figures of predictions: grid of images with verdicts, confusion matrix, reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from flowercourse import style
from flowercourse.errors import CourseError
from solutions.evaluation.predictions import Predictions, calibration, calibration_error, confusion_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def prediction_title(predictions: Predictions, index: int) -> tuple[str, str]:
    """Return the words and the color above one image.

    Args:
        predictions: What was predicted.
        index: Which image, from 0.

    Returns:
        Words such as ``"✓ tulips 97 %"`` or ``"✗ roses 61 %\\nis tulips"``, and the course's blue or red.
    """
    color, sign = style.verdict(bool(predictions.right[index]))
    said = predictions.class_names[predictions.predicted[index]]
    words = f"{sign} {said} {100 * predictions.confidence[index]:.0f} %"
    if not predictions.right[index]:
        words += f"\nis {predictions.class_names[predictions.labels[index]]}"
    return words, color


def plot_predictions(
    images: Sequence[NDArray[np.uint8]], predictions: Predictions, *, columns: int = 6, title: str = ""
) -> Figure:
    """Draw images under the model's verdicts: blue and a check mark where right, red and a cross where wrong.

    Args:
        images: uint8 (h, w, 3) each, of any size; as many as there are predictions.
        predictions: What was predicted about these images, in the same order.
        columns: Number of images in a row.
        title: Stands above all.

    Returns:
        A figure with one axes, which holds all images; its texts are the images' titles, in order.

    Raises:
        CourseError: If the number of images is not the number of predictions.
    """
    from matplotlib.figure import Figure

    if len(images) != len(predictions):
        raise CourseError(
            f"{len(images)} pictures don't fit {len(predictions)} predictions", "each has one", "Pass the same pictures"
        )
    rows = max(1, -(-len(images) // columns))
    mosaic = _mosaic(images, rows, columns)
    grid_width, grid_height = mosaic.shape[1] / GRID_DPI, mosaic.shape[0] / GRID_DPI
    foot, head = 0.25, 0.45 if title else 0.0
    figure = Figure(figsize=(grid_width, foot + grid_height + head), dpi=GRID_DPI)
    height = figure.get_figheight()
    # One axes for all: thirty of them would take longer to draw than everything else in a report.
    ax = figure.add_axes((0, foot / height, 1, grid_height / height))
    ax.set_axis_off()
    ax.imshow(mosaic, aspect="auto", extent=(0, columns, rows, 0))
    for index in range(len(images)):
        row, column = divmod(index, columns)
        words, color = prediction_title(predictions, index)
        ax.text(
            column + 0.5, row + _STRIP - 0.02, words, color=color, fontsize=9, ha="center", va="bottom", linespacing=1.1
        )
    if title:
        figure.suptitle(title, x=0.01, y=1 - 0.12 / height, ha="left", va="top", fontsize=13)
    return figure


GRID_DPI = 120
"""Resolution at which a grid's images are drawn pixel by pixel, which is sharpest, and fastest."""

_SIDE = 200  # pixels of an image in a grid
_STRIP = 0.22  # share of a cell's height that its title takes


def _mosaic(images: Sequence[NDArray[np.uint8]], rows: int, columns: int) -> NDArray[np.uint8]:
    """Return one white picture, uint8 (h, w, 3), with all images in it and room for a title above each."""
    gap = _SIDE // 20
    strip = round(_STRIP / (1 - _STRIP) * _SIDE)
    cell_height, cell_width = strip + _SIDE, _SIDE + gap
    mosaic = np.full((rows * cell_height, columns * cell_width, 3), 255, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * cell_height + strip, column * cell_width + gap // 2
        mosaic[top : top + _SIDE, left : left + _SIDE] = square(image, _SIDE)
    return mosaic


def square(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the middle of an image as a square of ``side`` pixels.

    Args:
        image: uint8 (h, w, 3).
        side: Height and width of the result.

    Returns:
        uint8 (side, side, 3).
    """
    from PIL import Image

    height, width = image.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    box = (left, top, left + edge, top + edge)
    resized = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    return np.asarray(resized)


def plot_confusion(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """Draw the confusion matrix: rows are true classes, columns predicted ones, numbers count images.

    The shade is the share of the row, so that a large class does not outshine a small one.

    Args:
        predictions: What was predicted.
        ax: Where to draw; a new figure's axes when None.

    Returns:
        The axes drawn on.
    """
    ax = _axes(ax, (5.4, 4.9))
    matrix = confusion_matrix(predictions)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    for (row, column), count in np.ndenumerate(matrix):
        ax.text(
            column,
            row,
            str(count) if count else "·",
            ha="center",
            va="center",
            color="white" if shares[row, column] > 0.55 else "#222222",
            fontweight="bold" if row == column else "normal",
        )
    names = predictions.class_names
    ax.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), names)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.set(title="Which kinds are taken for which", xlabel="predicted", ylabel="true")
    return ax


def plot_reliability(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """Draw accuracy against confidence: on the dashed line, confidence can be taken at its word.

    Args:
        predictions: What was predicted.
        ax: Where to draw; a new figure's axes when None.

    Returns:
        The axes drawn on.
    """
    ax = _axes(ax, (5.2, 4.9))
    filled = [
        (b, b.confidence, b.accuracy)
        for b in calibration(predictions)
        if b.confidence is not None and b.accuracy is not None
    ]
    ax.plot([0, 1], [0, 1], linestyle="--", color="#666666", linewidth=1.2, label="perfectly calibrated")
    for b, _, accuracy in filled:
        ax.bar(b.low, accuracy, b.high - b.low, align="edge", color="#cfe0f5", edgecolor=style.RIGHT, linewidth=0.8)
        ax.annotate(f"{b.count}", (b.low + (b.high - b.low) / 2, 0.012), ha="center", fontsize=8, color="#333333")
    points = ([confidence for _, confidence, _ in filled], [accuracy for _, _, accuracy in filled])
    ax.plot(*points, "o", color=style.RIGHT, label="this model")
    ax.set(
        title=f"Is it as sure as it may be? (error {100 * calibration_error(predictions):.1f} %)",
        xlabel="confidence (numbers: predictions in the bin)",
        ylabel="share of right predictions",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    ax.legend(loc="upper left")
    return ax


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=size)
    figure.subplots_adjust(left=0.2, bottom=0.2, right=0.97, top=0.9)
    return ax
