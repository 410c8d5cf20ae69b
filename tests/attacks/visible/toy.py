"""What learners see of the toy assignment's checks."""

from __future__ import annotations

import numpy as np

from autograder.checking.core import check
from autograder.checking.expect import expect_close, expect_equal, expect_shape
from autograder.checking.values import Array, Function


@check(points=2)
def images_are_scaled(scale: Function, rng: np.random.Generator) -> None:
    """`scale` gives pixels between 0 and 1."""
    images = rng.integers(0, 256, (2, 4, 4, 3)).astype(np.uint8)
    found = scale(images)
    expect_shape(found, images.shape)
    expect_close(found, images / 255)


@check(points=2)
def accuracy_is_measured(accuracy: Function, rng: np.random.Generator) -> None:
    """`accuracy` is the share of predictions that are right."""
    labels, predictions = rng.integers(0, 5, (2, 40))
    expect_close(accuracy(labels, predictions), float(np.mean(labels == predictions)))


@check(points=1)
def labels_are_counted(counts: Array) -> None:
    """`counts` says how often each label occurs."""
    expect_equal(counts, np.array([2, 2, 4]))


@check(points=1)
def probabilities_add_up(softmax: Function, rng: np.random.Generator) -> None:
    """`softmax` gives probabilities that add up to 1."""
    logits = rng.normal(size=(3, 5))
    e = np.exp(logits)
    expect_close(softmax(logits), e / e.sum(axis=1, keepdims=True))
