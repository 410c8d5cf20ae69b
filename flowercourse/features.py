"""Features once, heads many times: what a frozen backbone says about every image of a data set, computed once and kept.

A frozen backbone gives the same features in every epoch, so computing them in each is work thrown away. Here they are
computed once and kept in the cache as NumPy files, in a folder named by a fingerprint of the data, the backbone and the
preprocessing. Opening them again takes milliseconds and, as they are memory-mapped, hardly any memory.

The folder appears in one step when everything is written. A crash leaves nothing that could be taken for features, and
of two processes that ask for the same features, one computes them while the other waits.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from flowercourse import backbones, datasets, paths
from flowercourse.backbones import Backbone
from flowercourse.datasets import Dataset
from flowercourse.errors import CourseError
from flowercourse.progress import progress_bar

if TYPE_CHECKING:
    import tensorflow as tf

PREPROCESSING = 1  # raise it when the same image comes to give other features; features are then computed again
BATCH_SIZE = 32
ROUNDING = 1e-4  # some ways of resizing leave a bright pixel at 1.00003


@dataclass(frozen=True)
class Features:
    """The features of a data set, in its order.

    Attributes:
        x: float32 (n, num_features), memory-mapped, read-only.
        y: int64 (n,), the labels.
        backbone: the backbone that computed them.
        dataset: the data set.
        fingerprint: hexadecimal; changes with the data, the backbone and the preprocessing.
        path: folder that holds them.
        seconds: how long computing them took, when it was done.
        reused: whether they had been there before this call.
        skipped: files of the data set that were left out, and why: ``((path, reason), ...)``.
    """

    x: np.ndarray
    y: np.ndarray
    backbone: Backbone
    dataset: Dataset
    fingerprint: str
    path: Path
    seconds: float
    reused: bool
    skipped: tuple[tuple[str, str], ...] = ()

    def split(self, spec: str = "70/15/15") -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Return ``(x, y)`` of each part, cut where TFDS cuts; see `flowercourse.datasets.split_names`.

        Raises:
            CourseError: ``spec`` is not two or three percentages that make 100.
        """
        parts = datasets.split_ranges(len(self.y), spec)
        return tuple((self.x[part.start : part.stop], self.y[part.start : part.stop]) for part in parts)


def extract(
    backbone: str | Backbone = "mobilenet_v2",
    dataset: str | Dataset | None = None,
    *,
    untrained: bool | None = None,
    batch_size: int = BATCH_SIZE,
    progress: bool | None = None,
) -> Features:
    """Return the features of every image of a data set: from the cache, or computed and kept there.

    An image is resized to the backbone's size (bilinear, as ``tf.image.resize`` does) and divided by 255.

    Args:
        backbone: its name, or what ``backbones.resolve`` gave.
        dataset: what ``datasets.find`` gave, or takes; None means the course's own.
        untrained: whether untrained weights will do; see ``backbones.resolve``.
        batch_size: images per forward pass; it changes the speed, not the features.
        progress: whether to show a progress bar on stderr; see `flowercourse.progress.progress_bar`.

    Raises:
        CourseError: data or weights can't be had, the disk is full, or a record of the data set is damaged.
    """
    found = backbones.resolve(backbone, untrained=untrained) if isinstance(backbone, str) else backbone
    data = dataset if isinstance(dataset, Dataset) else datasets.find(dataset or "auto")
    fingerprint = _fingerprint(found, data)
    name = f"{data.name}-{found.spec.name}-{fingerprint}"
    features, reused = paths.kept_or_made(
        "features",
        name,
        opened=lambda folder: _open(folder, found, data, fingerprint),
        write=lambda folder: _write(folder, found, data, batch_size, progress),
    )
    return replace(features, reused=reused)


def of_images(images: np.ndarray, backbone: str | Backbone = "mobilenet_v2") -> np.ndarray:
    """Return the features of images that are in memory.

    Args:
        images: float32 (n, size, size, 3), values in [0, 1], of the backbone's size.
        backbone: its name, or what ``backbones.resolve`` gave.

    Returns:
        float32 (n, num_features).

    Raises:
        CourseError: shape or values are not those.
    """
    from flowercourse.backbones.forward import frozen

    found, images = _checked(images, backbone)
    run = frozen.forward(found)
    parts = [np.asarray(run(images[start : start + BATCH_SIZE])) for start in range(0, len(images), BATCH_SIZE)]
    return np.concatenate(parts) if parts else np.empty((0, found.spec.num_features), np.float32)


def maps_of_images(images: np.ndarray, backbone: str | Backbone = "mobilenet_v2") -> np.ndarray:
    """Return the feature maps whose averages are the features of images that are in memory.

    Args:
        images: float32 (n, size, size, 3), n at least 1, values in [0, 1], of the backbone's size. All go through the
            backbone at once.
        backbone: its name, or what ``backbones.resolve`` gave.

    Returns:
        float32 (n, height, width, num_features); for MobileNet V2, 7 by 7 places.

    Raises:
        CourseError: shape or values are not those, or the backbone's features are no average of maps.
    """
    from flowercourse.backbones.forward import maps

    found, images = _checked(images, backbone)
    return np.asarray(maps.before_the_average(found)(images))


def _checked(images: np.ndarray, backbone: str | Backbone) -> tuple[Backbone, np.ndarray]:
    """Return the backbone, and the images as float32 if they are as it takes them.

    Raises:
        CourseError: they are not.
    """
    found = backbones.resolve(backbone) if isinstance(backbone, str) else backbone
    images = np.asarray(images, np.float32)
    low, high = found.spec.pixel_range
    if images.ndim != 4 or images.shape[1:] != found.spec.input_shape:
        raise CourseError(
            "The pictures' features were not computed",
            f"{found.spec.title} takes pictures of shape (n, {found.spec.image_size}, {found.spec.image_size}, 3), and "
            f"these have shape {images.shape}",
            "Resize them with tf.image.resize, and put them in one array",
        )
    if images.size and not (images.min() >= low - ROUNDING and images.max() <= high + ROUNDING):
        raise CourseError(
            "The pictures' features were not computed",
            f"their values go from {images.min():g} to {images.max():g}, and should lie in [{low:g}, {high:g}]",
            "Divide pixels from 0 to 255 by 255",
        )
    return found, images


def _fingerprint(backbone: Backbone, dataset: Dataset) -> str:
    text = f"preprocessing {PREPROCESSING}, {backbone.fingerprint}, {dataset.fingerprint}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _open(directory: Path, backbone: Backbone, dataset: Dataset, fingerprint: str) -> Features | None:
    """Return the features kept in ``directory``; None if there are none, or they are damaged."""
    try:
        about = json.loads((directory / "about.json").read_text(encoding="utf-8"))
        x = np.load(directory / "x.npy", mmap_mode="r")
        y = np.load(directory / "y.npy")
        if x.shape != (dataset.num_examples, backbone.spec.num_features) or y.shape != (dataset.num_examples,):
            return None
        seconds = float(about["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Features(x, y, backbone, dataset, fingerprint, directory, seconds, True, dataset.skipped)


def _write(directory: Path, backbone: Backbone, dataset: Dataset, batch_size: int, progress: bool | None) -> None:
    started = time.perf_counter()
    n = dataset.num_examples
    labels = []
    with (
        (directory / "x.npy").open("wb") as file,
        progress_bar(f"Features, {backbone.label}", "pictures", total=n, shown=progress) as bar,
    ):
        # Written, not memory-mapped: where the disk is full, a write fails with an error, a memory map with a signal.
        write_header(file, (n, backbone.spec.num_features), np.float32)
        for x, y in _batches(backbone, dataset, batch_size):
            file.write(np.ascontiguousarray(x, np.float32).tobytes())
            labels.append(y)
            bar.update(len(y))
    y = np.concatenate(labels) if labels else np.empty(0, np.int64)
    if len(y) != n:
        raise CourseError(
            f"The features of {dataset.name} were not computed",
            f"it has {len(y)} pictures where {n} were announced",
            f"Remove {dataset.directory}, so that it is prepared again",
        )
    np.save(directory / "y.npy", y.astype(np.int64))
    about = {
        "backbone": backbone.label,
        "weights": backbone.source,
        "dataset": dataset.name,
        "images": n,
        "seconds": round(time.perf_counter() - started, 3),
    }
    (directory / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def write_header(file: BinaryIO, shape: tuple[int, ...], dtype: type) -> None:
    """Begin an NPY file whose numbers of this shape and type follow, row by row."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype).newbyteorder("<"))
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def image_batches(
    dataset: Dataset, image_size: int, batch_size: int = BATCH_SIZE, part: str = "train"
) -> tf.data.Dataset:
    """Return the images of a data set as a backbone takes them, decoded while the batch before is being used.

    Args:
        dataset: the data set.
        image_size: pixels a side.
        batch_size: images a batch.
        part: a split in TFDS's spelling, e.g. ``"train[:70%]"``.

    Returns:
        Data set of (float32 (batch, image_size, image_size, 3) in [0, 1], int64 (batch,)), in the data set's order.
    """
    import tensorflow as tf

    def prepare(encoded: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        return tf.image.resize(image, (image_size, image_size)) / 255.0, label

    # Decoded here and not by TFDS: the same numbers, about twice as many images per second.
    images = dataset.load(part, decode=False).map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    return images.batch(batch_size).prefetch(2)


def _batches(backbone: Backbone, dataset: Dataset, batch_size: int) -> Iterator[tuple[Any, Any]]:
    """Yield features and labels, batch by batch."""
    from flowercourse.backbones.forward import frozen

    run = frozen.forward(backbone)
    with readable(dataset):
        for x, y in image_batches(dataset, backbone.spec.image_size, batch_size):
            yield run(x).numpy(), y.numpy()


@contextlib.contextmanager
def readable(dataset: Dataset) -> Iterator[None]:
    """Turn TensorFlow's errors about records of a data set into a CourseError that says what to do."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        raise CourseError(
            f"The features of {dataset.name} were not computed",
            f"a record in {dataset.directory} can't be read ({error.message.splitlines()[0]})",
            "Remove that folder, so that the data set is prepared again",
        ) from error
