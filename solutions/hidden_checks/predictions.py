"""Hidden checks of exercise 5: the same statements as the visible ones, on other inputs."""

from __future__ import annotations

import numpy as np

from autograder.checking.core import check, part
from autograder.checking.expect import expect_close, expect_equal
from autograder.checking.values import Array, Function, Scalar
from autograder.checking.values_keras import Model
from autograder.checks.predictions import (
    LARGE_RTOL,
    NAMES,
    expect_calibration,
    expect_first_batch,
    expect_grid,
    expect_matrices,
    expect_names,
    expect_recalls,
    expect_worst,
    logits_of,
    logits_with_answers,
)


@check(points=1, hidden=True)
def names_are_in_order(class_names: Array, reference):
    """`class_names` holds the names of the classes, in the order of the labels."""
    expect_equal(class_names, list(reference.class_names))


@check(points=2, hidden=True)
def probabilities_are_right(probabilities: Function, rng):
    """`probabilities` is the softmax of each row for any number of rows and classes, and for logits of any size."""
    with part("softmax", points=1):
        for rows, classes in ((5, 5), (1, 3), (7, 2)):
            logits, chances = logits_of(rng, rows, classes, shift=2)
            expect_close(probabilities(logits), chances)
    with part("large logits", points=1):
        logits, chances = logits_of(rng, 6, 6, shift=-5000)
        expect_close(probabilities(logits), chances, rtol=LARGE_RTOL)
        mixed = np.concatenate([logits, logits + 9000])
        expect_close(probabilities(mixed), np.concatenate([chances, chances]), rtol=LARGE_RTOL)


@check(points=2, hidden=True)
def answers_are_found(predict_ids: Function, names_of: Function, rng):
    """`predict_ids` and `names_of` hold for any number of pictures and classes."""
    with part("predict_ids", points=1):
        for rows, classes in ((6, 6), (1, 5), (40, 3)):
            ids = rng.integers(0, classes, rows)
            expect_equal(predict_ids(logits_with_answers(rng, ids, classes)), ids)
    with part("names_of", points=1):
        expect_names(names_of, rng.integers(0, 7, 20), NAMES)
        expect_names(names_of, np.array([2]), NAMES[::-1])
        expect_names(names_of, np.array([7, 0, 7]), (*NAMES, "bird-of-paradise flower"))


@check(points=2, hidden=True)
def first_batch_is_judged(head: Model, first_ids: Array, first_names: Array, num_right: Scalar, reference):
    """The first 32 validation pictures have the head's answers, their names, and the right number of right ones."""
    expect_first_batch(head, first_ids, first_names, num_right, reference)


@check(points=4, hidden=True)
def predictions_are_shown(plot_predictions: Function, rng):
    """`plot_predictions` also shows a single picture and a full grid of 30, whichever of them are right."""
    right = rng.permutation(np.arange(10) < rng.integers(3, 8))
    expect_grid(plot_predictions, rng, classes=6, right=right, further=(1, 30))


@check(points=2, hidden=True)
def confusions_are_counted(confusion_matrix: Function, rng):
    """`confusion_matrix` also holds for other numbers of classes, and for classes that do not occur."""
    matrix = rng.integers(1, 7, (6, 6))
    matrix[2, 4] += 300  # more than a byte holds
    expect_matrices(confusion_matrix, rng, matrix, without=5)


@check(points=2, hidden=True)
def recall_is_right(recall: Function, rng):
    """`recall` also holds for other numbers of classes, and is nan for a class without pictures."""
    expect_recalls(recall, rng, classes=7, without=int(rng.integers(7)))


@check(points=3, hidden=True)
def calibration_is_measured(calibration: Function, rng):
    """`calibration` also holds for other bins and numbers of classes, for empty bins, and where nobody is sure."""
    expect_calibration(calibration, rng, edges=[0.3, 0.45, 0.7, 0.85, 0.9, 1.0], counts=[3, 0, 7, 1, 9], classes=6)


@check(points=2, hidden=True)
def worst_mistakes_are_found(worst_mistakes: Function, rng):
    """`worst_mistakes` also holds where there are fewer mistakes than asked for, or none, or none is asked for."""
    expect_worst(worst_mistakes, rng, mistakes=7, others=20, count=6, classes=5)
    expect_worst(worst_mistakes, rng, mistakes=3, others=8, count=10, classes=3)
    expect_worst(worst_mistakes, rng, mistakes=0, others=6, count=4, classes=4)
    expect_worst(worst_mistakes, rng, mistakes=4, others=6, count=0, classes=4)
