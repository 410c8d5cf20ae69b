"""From logits to judgments: the numbers are those that a person would count."""

from __future__ import annotations

import numpy as np
import pytest

from flowercourse.errors import CourseError
from solutions.evaluation.predictions import (
    Predictions,
    calibration,
    calibration_error,
    class_results,
    confusion_matrix,
    probabilities,
)

NAMES = ("dandelion", "daisy", "tulips")


@pytest.fixture
def four() -> Predictions:
    """Four images: a dandelion and a tulip recognized, a daisy taken for a tulip, a tulip for a dandelion."""
    rows = [[0.8, 0.1, 0.1], [0.1, 0.3, 0.6], [0.05, 0.05, 0.9], [0.5, 0.2, 0.3]]
    return Predictions(np.array(rows), np.array([0, 1, 2, 2]), NAMES)


def test_probabilities_of_huge_logits_are_finite_and_add_up() -> None:
    result = probabilities([[1e4, 0.0, -1e4], [1.0, 1.0, 1.0]])
    assert result.sum(axis=1) == pytest.approx([1, 1])
    assert result[1] == pytest.approx([1 / 3] * 3)


def test_probabilities_agree_with_tensorflow() -> None:
    import tensorflow as tf

    logits = np.random.default_rng(0).normal(size=(50, 5)) * 4
    np.testing.assert_allclose(probabilities(logits), tf.nn.softmax(logits).numpy(), atol=1e-12)


def test_accuracy_and_loss_are_counted(four: Predictions) -> None:
    assert four.correct == 2
    assert four.accuracy == 0.5
    assert four.loss == pytest.approx(-np.log([0.8, 0.3, 0.9, 0.3]).mean())


def test_the_confusion_matrix_has_truth_in_rows(four: Predictions) -> None:
    assert confusion_matrix(four).tolist() == [[1, 0, 0], [0, 0, 1], [1, 0, 1]]


def test_recall_and_precision_of_each_class(four: Predictions) -> None:
    dandelion, daisy, tulips = class_results(four)
    assert (dandelion.recall, dandelion.precision) == (1.0, 0.5)
    assert (daisy.recall, daisy.precision) == (0.0, None)
    assert (tulips.recall, tulips.precision) == (0.5, 0.5)
    assert tulips.recall_interval[0] < 0.5 < tulips.recall_interval[1]


def test_a_class_without_images_has_no_recall(four: Predictions) -> None:
    assert class_results(four.take(np.array([0, 2])))[1].recall is None


def test_the_worst_mistake_is_the_most_confident_one(four: Predictions) -> None:
    assert four.worst_mistakes().tolist() == [1, 3]
    assert four.worst_mistakes(1).tolist() == [1]


def test_calibration_counts_every_prediction_once() -> None:
    rng = np.random.default_rng(0)
    rows = rng.dirichlet([1, 1, 1], 500)
    rows[0] = [1, 0, 0]
    bins = calibration(Predictions(rows, rng.integers(0, 3, 500), NAMES))
    assert sum(b.count for b in bins) == 500
    assert all(b.low <= b.confidence <= b.high for b in bins if b.count)


def test_honest_confidence_has_hardly_any_calibration_error() -> None:
    rng = np.random.default_rng(0)
    rows = rng.dirichlet([0.5, 0.5, 0.5], 20_000)
    labels = (rows.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    honest = Predictions(rows, labels, NAMES)
    assert calibration_error(honest) < 0.015
    boastful = Predictions(probabilities(3 * np.log(rows + 1e-12)), labels, NAMES)
    assert calibration_error(boastful) > 0.1


@pytest.mark.parametrize(
    ("shape", "labels", "message"), [((2, 3), [0], "don't fit"), ((1, 3), [3], "no class"), ((1, 2), [0], "don't fit")]
)
def test_what_does_not_fit_together_is_refused(shape: tuple[int, int], labels: list[int], message: str) -> None:
    with pytest.raises(CourseError, match=message):
        Predictions(np.full(shape, 0.5), np.array(labels), NAMES)


def test_nothing_predicted_has_no_accuracy(four: Predictions) -> None:
    with pytest.raises(CourseError, match="nothing to judge"):
        _ = four.take(np.array([], dtype=int)).accuracy
