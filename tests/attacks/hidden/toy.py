"""Hidden checks of the toy assignment: other inputs."""

from __future__ import annotations

import numpy as np

from autograder.checking.core import check
from autograder.checking.expect import expect_close
from autograder.checking.values import Function

SECRET = "the-hidden-checks-own-words-5f1c"


@check(points=2, hidden=True)
def images_are_scaled(scale: Function, rng: np.random.Generator) -> None:
    """`scale` should work for images of any size."""
    images = rng.integers(0, 256, (1, int(rng.integers(5, 9)), 3, 3)).astype(np.uint8)
    expect_close(scale(images), images / 255)


@check(points=2, hidden=True)
def accuracy_is_measured(accuracy: Function, rng: np.random.Generator) -> None:
    """`accuracy` should be 1 where everything is right, and 0 where nothing is."""
    labels = rng.integers(0, 5, 7)
    expect_close(accuracy(labels, labels), 1.0)
    expect_close(accuracy(labels, labels + 1), 0.0)
