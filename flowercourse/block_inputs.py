"""What goes into a backbone's last block, computed once and kept beside the features.

While the last block learns, features change with every step, but everything below the block stays as it is. So what
the block is given can be kept: for MobileNet V2, 7 by 7 places with 160 numbers, 16 kB a picture. Pictures that are
changed by chance are kept as well, one version for each seed.

The folder's name is a fingerprint of the weights, the cut, the data, the part, the changes and their seed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowercourse import features, paths
from flowercourse.backbones import Backbone
from flowercourse.backbones.forward import last_block
from flowercourse.datasets import Dataset
from flowercourse.progress import progress_bar

if TYPE_CHECKING:
    import tf_keras as keras

FORMAT = 1  # raise it when the same pictures come to give other numbers
_FILE = "maps.npy"


def extract(
    backbone: Backbone,
    dataset: Dataset,
    part: str = "train",
    *,
    augment: keras.Sequential | None = None,
    seed: int = 0,
    progress: bool | None = None,
) -> np.ndarray:
    """Return what the last block is given for each picture of a part: from the cache, or computed and kept there.

    Args:
        backbone: MobileNet V2, as ``backbones.resolve`` gave it.
        dataset: the data set.
        part: a split in TFDS's spelling, e.g. ``"train[:70%]"``.
        augment: layers that change pictures by chance, such as ``RandomFlip``; None leaves pictures as they are. A copy
            of them is used, so they and their state stay untouched.
        seed: of the changes: the same seed gives the same pictures, another one others.
        progress: whether to show a progress bar on stderr; see `flowercourse.progress.progress_bar`.

    Returns:
        float16 (n, 7, 7, 160), memory-mapped, read-only, in the part's order.

    Raises:
        CourseError: it is another backbone, the part is none, the disk is full, or a record is damaged.
    """
    below, block = last_block.cut(backbone)
    change, changes = _copied(augment, seed)
    count = int(dataset.load(part, decode=False).cardinality())
    shape = (count, *block.input_shape[1:])
    described = f"{FORMAT}, {features.PREPROCESSING}, {backbone.fingerprint}, {dataset.fingerprint}, {part}, {changes}"
    fingerprint = hashlib.blake2b(described.encode(), digest_size=8).hexdigest()
    name = f"{dataset.name}-{backbone.spec.name}-block-{fingerprint}"

    def write(folder: Path) -> None:
        _write(folder / _FILE, _rows(below, dataset, backbone.spec.image_size, part, change), shape, progress)

    found, _ = paths.kept_or_made("features", name, opened=lambda folder: _open(folder, shape), write=write)
    return found


def _copied(augment: keras.Sequential | None, seed: int) -> tuple[Callable[[Any], Any], str]:
    """Return a function that changes pictures as these layers do, with this seed, and a description of it."""
    import tensorflow as tf
    import tf_keras as keras

    if augment is None:
        return (lambda images: images), ""
    copies, described = [], []
    for place, layer in enumerate(augment.layers):
        config = layer.get_config()
        del config["name"]  # it counts the layers that a notebook has made
        if "seed" in config:
            config["seed"] = 1000 * seed + place
        copies.append(type(layer).from_config(config))
        described.append([type(layer).__name__, config])
    layers = keras.Sequential(copies)
    return lambda images: tf.clip_by_value(layers(images, training=True), 0.0, 1.0), json.dumps(described, default=str)


def _rows(
    below: Callable[[Any], Any], dataset: Dataset, size: int, part: str, change: Callable[[Any], Any]
) -> Iterator[np.ndarray]:
    """Yield the numbers of each batch of pictures."""
    with features.readable(dataset):
        for images, _ in features.image_batches(dataset, size, part=part):
            yield below(change(images)).numpy().astype("<f2")


def _write(path: Path, rows: Iterator[np.ndarray], shape: tuple[int, ...], progress: bool | None) -> None:
    bar = progress_bar("Below the last block", "pictures", total=shape[0], shown=progress)
    with path.open("wb") as file, bar:
        features.write_header(file, shape, np.float16)
        for row in rows:
            file.write(row.tobytes())
            bar.update(len(row))


def _open(directory: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return the numbers kept in a folder; None if there are none, or they are damaged."""
    try:
        found = np.load(directory / _FILE, mmap_mode="r")
    except (OSError, ValueError):
        return None
    return found if found.shape == shape and found.dtype == np.float16 else None
