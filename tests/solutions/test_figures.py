"""Figures say what they should: colors agree with correctness, and nothing is said by color alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from flowercourse import style
from flowercourse.errors import CourseError
from solutions.evaluation.comparison import Contestant, compare, plot_comparison
from solutions.evaluation.predictions import Predictions, confusion_matrix
from solutions.figures.curves import plot_accuracy, plot_curves, plot_loss
from solutions.figures.prediction_figures import plot_confusion, plot_predictions, plot_reliability
from solutions.pipeline.figures import Gallery, save, sign

NAMES = ("dandelion", "daisy", "tulips", "sunflowers", "roses")
HISTORY = {
    "loss": [1.2, 0.8, 0.6],
    "accuracy": [0.5, 0.7, 0.8],
    "val_loss": [1.3, 0.9, 1.0],
    "val_accuracy": [0.4, 0.6, 0.6],
}


@pytest.fixture(autouse=True)
def course_style() -> Iterator[None]:
    with mpl.rc_context():
        style.use_course_style()
        yield
    plt.close("all")


@pytest.fixture
def thirty() -> Predictions:
    rng = np.random.default_rng(3)
    return Predictions(rng.dirichlet([0.4] * 5, 30), rng.integers(0, 5, 30), NAMES)


def photographs(count: int = 30) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (rng.integers(1, 90), rng.integers(1, 90), 3), dtype=np.uint8) for _ in range(count)]


def test_titles_are_blue_where_right_and_red_where_wrong(thirty: Predictions) -> None:
    titles = plot_predictions(photographs(), thirty).axes[0].texts
    assert len(titles) == 30
    assert 0 < thirty.correct < 30
    for text, right in zip(titles, thirty.right, strict=True):
        assert to_hex(text.get_color()) == (style.RIGHT if right else style.WRONG)


def test_a_sign_says_the_same_as_the_color(thirty: Predictions) -> None:
    for text, right in zip(plot_predictions(photographs(), thirty).axes[0].texts, thirty.right, strict=True):
        assert text.get_text().startswith(style.RIGHT_SIGN if right else style.WRONG_SIGN)


def test_titles_name_what_was_predicted_and_a_wrong_one_the_truth(thirty: Predictions) -> None:
    for index, text in enumerate(plot_predictions(photographs(), thirty).axes[0].texts):
        assert NAMES[thirty.predicted[index]] in text.get_text()
        assert NAMES[thirty.labels[index]] in text.get_text()


def test_each_title_stands_above_its_own_image(thirty: Predictions) -> None:
    plain = [np.full((40, 60, 3), 8 * index, np.uint8) for index in range(30)]
    ax = plot_predictions(plain, thirty).axes[0]
    mosaic = ax.images[0].get_array()
    rows, columns = mosaic.shape[0] / 5, mosaic.shape[1] / 6
    for index, text in enumerate(ax.texts):
        x, y = text.get_position()
        below = mosaic[int((y + 0.3) * rows), int(x * columns)]
        assert below.tolist() == [8 * index] * 3


def test_a_grid_needs_as_many_images_as_predictions(thirty: Predictions) -> None:
    with pytest.raises(CourseError, match="29 pictures"):
        plot_predictions(photographs(29), thirty)


def test_thumbnails_carry_the_same_verdicts_as_the_grid(thirty: Predictions) -> None:
    thumbnails = Gallery(photographs(), thirty).thumbnails()
    assert [t.right for t in thumbnails] == thirty.right.tolist()
    assert all(t.jpeg.startswith(b"\xff\xd8") for t in thumbnails)


def luminance(color: str) -> float:
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return float(np.dot(channels, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("color", [style.RIGHT, style.WRONG, style.TRAINING["color"], style.VALIDATION["color"]])
def test_colors_of_words_and_curves_stand_out_from_white(color: str) -> None:
    assert 1.05 / (luminance(color) + 0.05) >= 4.5


def test_curves_differ_in_more_than_color() -> None:
    for ax in plot_curves(HISTORY, title="MobileNet V2").axes:
        training, validation = ax.get_lines()[:2]
        assert training.get_linestyle() != validation.get_linestyle()
        assert training.get_marker() != validation.get_marker()
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels[:2] == ["training", "validation"]


def test_epochs_count_from_one_and_the_numbers_are_those_of_the_history() -> None:
    training, validation = plot_accuracy(HISTORY).get_lines()[:2]
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert training.get_ydata().tolist() == HISTORY["accuracy"]
    assert validation.get_ydata().tolist() == HISTORY["val_accuracy"]


def test_the_lowest_validation_loss_is_marked() -> None:
    star = next(line for line in plot_loss(HISTORY).get_lines() if line.get_marker() == "*" and len(line.get_xdata()))
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (2, 0.9)


def test_losses_that_are_no_numbers_are_drawn_and_said() -> None:
    nothing = [float("nan")] * 3
    ax = plot_loss(HISTORY | {"loss": nothing, "val_loss": nothing})
    assert any("no number from epoch 1" in text.get_text() for text in ax.texts)


@pytest.mark.parametrize(("plot", "data"), [(plot_accuracy, HISTORY), (plot_loss, HISTORY)])
def test_plots_of_curves_draw_where_they_are_told(plot, data) -> None:
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot(data, ax=ax) is ax
    assert plt.get_fignums() == before
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@pytest.mark.parametrize("plot", [plot_confusion, plot_reliability])
def test_plots_of_predictions_draw_where_they_are_told(plot, thirty: Predictions) -> None:
    _, ax = plt.subplots()
    before = plt.get_fignums()
    assert plot(thirty, ax=ax) is ax
    assert plt.get_fignums() == before
    assert plot(thirty) is not ax


def test_the_confusion_matrix_shows_its_numbers(thirty: Predictions) -> None:
    shown = [text.get_text() for text in plot_confusion(thirty).texts]
    assert [0 if text == "·" else int(text) for text in shown] == confusion_matrix(thirty).ravel().tolist()


def test_an_untrained_backbone_is_marked_in_the_comparison_and_at_the_foot() -> None:
    contestants = [
        Contestant("MobileNet V2", 0.9, (0.87, 0.92), 20.0, 2_264_389),
        Contestant("Inception V3", 0.3, (0.26, 0.34), 90.0, 21_813_029, trained=False),
    ]
    figure = plot_comparison(contestants)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["MobileNet V2", "Inception V3\n(untrained)"]
    sign(figure, "tf_flowers", trained=False)
    assert any(style.UNTRAINED_NOTE in text.get_text() for text in figure.texts)


def test_a_trained_backbone_is_not_marked_untrained() -> None:
    figure = plot_curves(HISTORY)
    sign(figure, "tf_flowers", trained=True)
    assert not any("UNTRAINED" in text.get_text() for text in figure.texts)


def test_models_tested_on_different_images_are_not_compared(thirty: Predictions) -> None:
    with pytest.raises(CourseError, match="not tested on the same pictures"):
        compare(thirty, thirty.take(np.arange(29, -1, -1)))


def test_a_saved_figure_carries_its_words(tmp_path: Path) -> None:
    from PIL import Image

    drawn = save(plot_curves(HISTORY), tmp_path / "curves.png", "Curves of a run, ✓")
    with Image.open(drawn.path) as image:
        assert image.text["Description"] == "Curves of a run, ✓"
