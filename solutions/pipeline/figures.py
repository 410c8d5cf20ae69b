"""Draw the report's figures as PNG files, each with the words that stand in for it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowercourse import style
from solutions.evaluation.comparison import Contestant, plot_comparison
from solutions.evaluation.intervals import wilson
from solutions.evaluation.predictions import Predictions, calibration_error, class_results
from solutions.figures.curves import describe_curves, plot_accuracy, plot_loss
from solutions.figures.prediction_figures import GRID_DPI, plot_confusion, plot_predictions, plot_reliability, square
from solutions.pipeline.results import CONFIDENCE, BackboneResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Drawn:
    """A figure on disk.

    Attributes:
        path: The PNG file.
        alt: What it shows, in words.
        width: Width in CSS pixels; the file has more, for sharp screens and print.
        height: Height in CSS pixels.
    """

    path: Path
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Thumbnail:
    """A small picture with the model's verdict on it, for the report's own grid.

    Attributes:
        jpeg: The middle of the image as JPEG, square.
        right: Whether the prediction is right.
        predicted: Name of the predicted class.
        truth: Name of the true class.
        confidence: Probability of the predicted class, in [0, 1].
    """

    jpeg: bytes
    right: bool
    predicted: str
    truth: str
    confidence: float


@dataclass(frozen=True)
class Gallery:
    """Images with predictions about them.

    Attributes:
        images: uint8 (h, w, 3) each.
        predictions: What was predicted about them, in the same order.
    """

    images: Sequence[NDArray[np.uint8]]
    predictions: Predictions

    def thumbnails(self, side: int = 208) -> list[Thumbnail]:
        """Return the images as square JPEGs of ``side`` pixels, with verdicts."""
        from PIL import Image

        thumbnails = []
        names = self.predictions.class_names
        for index, image in enumerate(self.images):
            buffer = io.BytesIO()
            Image.fromarray(square(image, side)).save(buffer, "JPEG", quality=85)
            thumbnails.append(
                Thumbnail(
                    jpeg=buffer.getvalue(),
                    right=bool(self.predictions.right[index]),
                    predicted=names[self.predictions.predicted[index]],
                    truth=names[self.predictions.labels[index]],
                    confidence=float(self.predictions.confidence[index]),
                )
            )
        return thumbnails


def draw_backbone(
    result: BackboneResult, galleries: Mapping[str, Gallery], *, source: str, judged_on: str, folder: Path
) -> dict[str, Drawn]:
    """Draw the figures of one backbone.

    Args:
        result: What was found out.
        galleries: Images with predictions, by the figure's name.
        source: Data set and weights, in words; stands at the foot of each figure.
        judged_on: Name of the part that was predicted; stands beside the source where that part is shown.
        folder: Where the files go.

    Returns:
        The drawn figures by name: ``accuracy``, ``loss``, ``confusion``, ``reliability``, one for each gallery, and
        ``tuned_accuracy`` and ``tuned_loss`` where the last block was fine-tuned.
    """
    final = result.final
    figures: dict[str, tuple[Figure, str]] = {
        **_curves(result.head.history, ""),
        "confusion": (_figure_of(plot_confusion, final, (5.4, 4.9)), describe_confusion(final)),
        "reliability": (_figure_of(plot_reliability, final, (5.4, 4.9)), describe_reliability(final)),
    }
    for name, gallery in galleries.items():
        if len(gallery.images):
            figures[name] = (plot_predictions(gallery.images, gallery.predictions), describe_grid(gallery.predictions))
    if result.fine_tuning:
        figures |= _curves(result.fine_tuning.tuned.history, "tuned_")
    drawn = {}
    for name, (figure, words) in figures.items():
        judged = name in ("confusion", "reliability")
        footnote = f"{source} · {len(final)} {judged_on} pictures" if judged else source
        sign(figure, footnote, trained=result.backbone.trained)
        alt = words if result.backbone.trained else f"{style.UNTRAINED_NOTE}. {words}"
        path = folder / f"{result.backbone.spec.name}-{name.replace('_', '-')}.png"
        drawn[name] = save(figure, path, alt, dpi=GRID_DPI if name in galleries else None)
    return drawn


def _curves(history: Mapping[str, Sequence[float]], prefix: str) -> dict[str, tuple[Figure, str]]:
    """Return accuracy and loss as figures of their own, so that a narrow page can stack them."""
    return {
        f"{prefix}accuracy": (_figure_of(plot_accuracy, history, (5.4, 4.0)), describe_curves(history, "accuracy")),
        f"{prefix}loss": (_figure_of(plot_loss, history, (5.4, 4.0)), describe_curves(history, "loss")),
    }


def _figure_of(plot: Callable[..., Axes], data: Any, size: tuple[float, float]) -> Figure:
    """Return a figure with one plot, whose margins suit the report's footnotes."""
    from matplotlib.figure import Figure

    # Not pyplot's figures: those would stay in memory until they are closed.
    figure = Figure(figsize=size)
    ax = figure.add_axes((0.15, 0.19, 0.82, 0.7) if size[1] < 4.5 else (0.2, 0.22, 0.77, 0.69))
    plot(data, ax=ax)
    return figure


def draw_comparison(results: Sequence[BackboneResult], source: str, folder: Path) -> Drawn:
    """Draw the comparison of the backbones."""
    contestants = [contestant(result) for result in results]
    figure = plot_comparison(contestants)
    sign(figure, source, trained=all(c.trained for c in contestants))
    words = [
        f"{c.name}{'' if c.trained else ' (untrained weights)'}: accuracy {100 * c.accuracy:.1f} % (interval"
        f" {100 * c.interval[0]:.1f} to {100 * c.interval[1]:.1f}), {c.seconds:.1f} s,"
        f" {c.parameters / 1e6:.2f} million weights"
        for c in contestants
    ]
    return save(figure, folder / "comparison.png", "Comparison. " + "; ".join(words) + ".")


def contestant(result: BackboneResult) -> Contestant:
    """Return what the comparison shows of a backbone: its head on frozen features."""
    predictions = result.predictions
    return Contestant(
        name=result.backbone.spec.title,
        accuracy=predictions.accuracy,
        interval=wilson(predictions.correct, len(predictions), CONFIDENCE),
        seconds=result.features_computed_seconds + result.seconds["training"],
        parameters=result.backbone.spec.parameters + result.head_parameters,
        trained=result.backbone.trained,
    )


def sign(figure: Figure, source: str, *, trained: bool) -> None:
    """Write at a figure's foot what it rests on, and in red where a backbone's weights are untrained."""
    height = figure.get_figheight()
    figure.text(0.99, 0.05 / height, source, ha="right", va="bottom", fontsize=7.5, color="#666666")
    if not trained:
        words = f"{style.WRONG_SIGN} {style.UNTRAINED_NOTE}"
        figure.text(0.01, 0.05 / height, words, ha="left", va="bottom", fontsize=8.5, color=style.WRONG, weight="bold")


def save(figure: Figure, path: Path, alt: str, *, dpi: float | None = None) -> Drawn:
    """Write a figure as PNG, with its words inside the file too.

    Args:
        figure: What to write.
        path: The PNG file.
        alt: What the figure shows, in words.
        dpi: Pixels an inch; None means what the course's style says.
    """
    # Level 1 writes several times faster than the usual 6, and files are a fifth larger.
    options: dict[str, Any] = {"metadata": {"Description": alt}, "pil_kwargs": {"compress_level": 1}}
    figure.savefig(path, **options | ({"dpi": dpi} if dpi else {}))
    width, height = figure.get_size_inches() * 96
    return Drawn(path, alt, round(width), round(height))


def describe_confusion(predictions: Predictions) -> str:
    """Say how many of each class were recognized."""
    parts = [
        f"{entry.name} {round(entry.recall * entry.count)} of {entry.count}"
        for entry in class_results(predictions)
        if entry.recall is not None
    ]
    return f"Confusion matrix. Recognized: {', '.join(parts)}."


def describe_reliability(predictions: Predictions) -> str:
    """Say how far confidence and accuracy are apart."""
    return (
        f"Reliability diagram: share of right predictions against confidence. Mean confidence is"
        f" {100 * predictions.confidence.mean():.1f} %, accuracy {100 * predictions.accuracy:.1f} %, and the expected"
        f" calibration error {100 * calibration_error(predictions):.1f} %."
    )


def describe_grid(predictions: Predictions) -> str:
    """Say which images of a grid were taken for what."""
    wrong = np.flatnonzero(~predictions.right)
    words = f"{len(predictions)} photographs with predictions: {predictions.correct} right, {len(wrong)} wrong."
    names = predictions.class_names
    mistakes = [f"{names[predictions.labels[i]]} taken for {names[predictions.predicted[i]]}" for i in wrong]
    return f"{words} Mistakes: {'; '.join(mistakes)}." if mistakes else words
