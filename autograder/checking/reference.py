"""What the grading side computes itself, for checks to judge by: the data set's facts and the backbones' features.

Nothing of it is ever sent to a learner's process. Everything is computed when it is first asked for; with a prepared
cache, features and labels are read from it without importing TensorFlow.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograder.checking.secret_pictures import Overview, SecretPictures
    from flowercourse.datasets import Dataset

SPLIT = "70/15/15"


class Reference:
    """Facts about the data set in use, and features of its images.

    Args:
        dataset: name of the data set; "auto" for what the course uses on this machine.
    """

    def __init__(self, dataset: str = "auto") -> None:
        self._asked_for = dataset
        self._features: dict[str, Any] = {}
        self._secret_pictures: dict[str, SecretPictures | None] = {}

    @functools.cached_property
    def dataset(self) -> Dataset:
        """The data set."""
        from flowercourse import datasets

        return datasets.find(self._asked_for)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes' names, in the order of the labels."""
        return tuple(self.dataset.class_names)

    @property
    def num_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def num_examples(self) -> int:
        """How many images there are in all."""
        return self.dataset.num_examples

    def sizes(self, split: str = SPLIT) -> tuple[int, ...]:
        """Return how many images each part of the split has."""
        from flowercourse import datasets

        return tuple(len(part) for part in datasets.split_ranges(self.num_examples, split))

    def features(self, backbone: str = "mobilenet_v2", split: str = SPLIT) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Return (features float32 (n, d), labels int64 (n,)) for each part of the split, in data set order."""
        if backbone not in self._features:
            from flowercourse import features

            # Untrained weights, where there are no others: exercises judge a head by what its features allow.
            self._features[backbone] = features.extract(backbone, self._dataset_or_none(), untrained=True)
        return tuple(self._features[backbone].split(split))

    def secret_pictures(self, backbone: str = "mobilenet_v2") -> SecretPictures | None:
        """Return pictures that no learner has seen, with their features; None where there are none to be had.

        For hidden checks: made once in a grading process, which takes some seconds.
        """
        if backbone not in self._secret_pictures:
            from autograder.checking.secret_pictures import secret_pictures_of

            self._secret_pictures[backbone] = secret_pictures_of(backbone)
        return self._secret_pictures[backbone]

    def two_secret_pictures(self, backbone: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray] | None:
        """Return two pictures, float32 (2, size, size, 3), and their features (2, d); None where there are none."""
        pictures = self.secret_pictures(backbone)
        if pictures is None:
            return None
        chosen = rng.choice(len(pictures.images), size=2, replace=False)
        return pictures.images[chosen], pictures.features[chosen]

    @functools.cached_property
    def overview(self) -> Overview | None:
        """How the data set's own pictures look from afar; None where that cannot be had. For hidden checks."""
        from autograder.checking.secret_pictures import overview

        return overview()

    def labels(self, split: str = SPLIT, backbone: str = "mobilenet_v2") -> tuple[np.ndarray, ...]:
        """Return the labels of each part of the split, int64 (n,), in data set order."""
        return tuple(np.asarray(labels) for _, labels in self.features(backbone, split))

    def _dataset_or_none(self) -> Dataset | None:
        return None if self._asked_for == "auto" else self.dataset


@functools.cache
def shared() -> Reference:
    """Return the reference that all checks of this process share, so that nothing is looked up twice."""
    return Reference()


def accuracy(kernel: np.ndarray, bias: np.ndarray, features: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of examples that a linear head classifies correctly, in [0, 1].

    Args:
        kernel: (d, classes).
        bias: (classes,).
        features: (n, d).
        labels: integers (n,) in [0, classes).
    """
    predicted = np.argmax(np.asarray(features, np.float64) @ kernel + bias, axis=1)
    return float(np.mean(predicted == labels))
