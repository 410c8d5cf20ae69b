"""Pictures that no learner has seen, with their features: what tells a real backbone from one that looks answers up.

    python -m autograder.checking.secret_pictures BACKBONE      # writes them to its standard output, as a NumPy archive
    python -m autograder.checking.secret_pictures overview      # the data set's own pictures, seen from afar

Features of the course's data lie in the cache, where every learner may read them. So the grading side draws pictures of
its own, anew for each run, and computes their features itself: in a process of its own that ends with TensorFlow in it.
The workers of a run share them through a private folder, which no sandbox shows (`FOLDER` names it). Those that will be
needed are made before the first notebook runs, so that their memory is free again when notebooks need it. An overview
of the data set's own pictures, no secret, is made and shared in the same way: workers have no TensorFlow.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from flowercourse.environment import quiet
from flowercourse.errors import CourseError
from flowercourse.paths import locked

COUNTS = {"mobilenet_v2": 8, "inception_v3": 4}
OVERVIEW = "overview"
FIRST = 32  # pictures of each part in an overview; of the training part, a quarter of all more
THUMBNAIL = 7  # height and width: 224 / 32
ALIKE = 0.05
"""Mean difference, in [0, 1], that ways of resizing make between the same picture's thumbnails, and pictures don't."""
TIMEOUT_S = 120.0
FOLDER = "AUTOGRADER_SECRET_PICTURES"
"""The variable that names the run's private folder, in the workers' environment only."""


ArchiveT = TypeVar("ArchiveT", "SecretPictures", "Overview")


@dataclass(frozen=True)
class SecretPictures:
    """What the grading side knows and learners don't.

    Attributes:
        images: float32 (k, size, size, 3) in [0, 1], drawn at random.
        features: float32 (k, d), the backbone's features of them.
    """

    images: np.ndarray
    features: np.ndarray


@dataclass(frozen=True)
class Overview:
    """The data set's own pictures, seen from afar: float32 (n, 7, 7, 3) in [0, 1], in data set order.

    Attributes:
        train: as many of the training part as may be in its first batch, shuffled with a buffer of a quarter.
        validation: the first 32 of the validation part.
        test: the first 32 of the test part.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def secret_pictures_of(backbone: str) -> SecretPictures | None:
    """Return secret pictures for this backbone; None where they could not be made, which must cost nobody points."""
    return _loaded(backbone, SecretPictures)


def overview() -> Overview | None:
    """Return how the data set's pictures look from afar; None where that cannot be had, which costs nobody points."""
    return _loaded(OVERVIEW, Overview)


def _loaded(name: str, kind: type[ArchiveT]) -> ArchiveT | None:
    try:
        with np.load(io.BytesIO(_shared_archive(name)), allow_pickle=False) as found:
            return kind(**{one.name: found[one.name] for one in fields(kind)})
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, CourseError) as error:
        print(f"{name}: checked without pictures of our own ({type(error).__name__})", file=sys.stderr)
        return None


def _shared_archive(name: str) -> bytes:
    """Return this run's archive of this name, made by whichever of its processes asks first."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return _archive(name)
    path = Path(folder) / f"{name}.npz"
    with locked(path):
        if not path.exists():
            path.write_bytes(_archive(name))
        return path.read_bytes()


def make_shared(folder: str, names: Iterable[str], environment: Mapping[str, str]) -> bool:
    """Put a run's archives into its private folder, and return whether any was not there yet.

    Where that fails, whoever needs one will try again and say so.
    """
    missing = [path for name in names if not (path := Path(folder) / f"{name}.npz").exists()]
    for path in missing:
        with suppress(OSError, subprocess.SubprocessError):
            path.write_bytes(_archive(path.stem, environment))
    return bool(missing)


def _archive(name: str, environment: Mapping[str, str] = os.environ) -> bytes:
    command = [sys.executable, "-m", "autograder.checking.secret_pictures", name]
    return subprocess.run(command, capture_output=True, env=quiet(environment), timeout=TIMEOUT_S, check=True).stdout


def seen_from_afar(images: np.ndarray, size: int = THUMBNAIL) -> np.ndarray:
    """Return the means of `size` x `size` blocks of each image: float64 (n, size, size, 3).

    Args:
        images: (n, height, width, 3), at least `size` pixels high and wide; what is left over at the edges is left out.
        size: blocks in each direction.

    Raises:
        ValueError: they are smaller.
    """
    if min(images.shape[1:3]) < size:
        raise ValueError(f"pictures of less than {size} pixels")
    height, width = (length // size for length in images.shape[1:3])
    whole = images[:, : size * height, : size * width].astype(np.float64)
    return whole.reshape(len(images), size, height, size, width, 3).mean(axis=(2, 4))


def drawn(count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return random pictures, float32 (count, size, size, 3) in [0, 1]: patches of color with some noise on them."""
    colors = rng.random((count, 8, 8, 3))
    index = np.arange(size) * 8 // size
    patches = colors[:, index][:, :, index]
    return (0.7 * patches + 0.3 * rng.random((count, size, size, 3))).astype(np.float32)


def _made(backbone: str) -> dict[str, np.ndarray]:
    import tensorflow as tf

    from flowercourse import backbones, features

    # For so few pictures, rewriting the graph costs more than it saves: several copies of the weights, for one.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    found = backbones.resolve(backbone, untrained=True)
    images = drawn(COUNTS.get(backbone, 4), found.spec.image_size, np.random.default_rng())
    return {"images": images, "features": features.of_images(images, found)}


def _made_overview() -> dict[str, np.ndarray]:
    from flowercourse import datasets

    dataset = datasets.find()
    training = len(datasets.split_ranges(dataset.num_examples, "70/15/15")[0])
    counts = {"train[:70%]": FIRST + training // 4, "train[70%:85%]": FIRST, "train[85%:]": FIRST}
    parts = (
        np.stack([_thumbnail(image.numpy()) for image, _ in dataset.load(part).take(count)])
        for part, count in counts.items()
    )
    return dict(zip(("train", "validation", "test"), parts, strict=True))


def _thumbnail(image: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    squeezed = tf.image.resize(image, (32 * THUMBNAIL, 32 * THUMBNAIL)).numpy() / 255
    return seen_from_afar(squeezed[None])[0].astype(np.float32)


def _have_room() -> None:
    """Take back the bound on memory that a worker judges under: this process is ours, and loads TensorFlow."""
    with suppress(ImportError, OSError, ValueError):  # there is no such thing on some systems
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


if __name__ == "__main__":
    _have_room()
    with os.fdopen(os.dup(1), "wb") as out:  # nothing else may get in between
        os.dup2(2, 1)
        archive = io.BytesIO()
        arrays: dict[str, Any] = _made_overview() if sys.argv[1] == OVERVIEW else _made(sys.argv[1])
        np.savez(archive, **arrays)
        out.write(archive.getvalue())
