"""The classifier as it is handed to its users: a folder with the network and all that it takes to use it.

A ``.tflite`` file alone is a riddle: it does not say what its outputs are called, nor how sure it has to be before one
believes it. So these things go along, and the site's page "Try your own flower" reads nothing else:

    flowers.tflite    pictures, float32 (1, size, size, 3) in [0, 1], to probabilities, float32 (1, classes)
    about.json        names of the classes, size of a picture, threshold, where everything came from, what was measured
    neighbors.bin     features of training pictures, uint8 (count, num_features), to be multiplied by a factor
    neighbors.jpg     the same pictures, small, one beside the other in rows
    examples.jpg      a few test pictures, for those who have none at hand

The folder lies in the cache, named by the fingerprint of the features on which the head was trained.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowercourse import paths
from flowercourse.errors import CourseError
from flowercourse.sheets import evenly, sheet

if TYPE_CHECKING:
    import tf_keras as keras

    from flowercourse.features import Features

FORMAT = 1  # raise it when the files change in a way that the page has to know of
NETWORK, ABOUT, NEIGHBORS = "flowers.tflite", "about.json", "neighbors.bin"
PICTURES, EXAMPLES = "neighbors.jpg", "examples.jpg"
MOST_NEIGHBORS = 900  # training pictures that go along: about 2.5 MB
COLUMNS = 30
SIDE = 64  # pixels
MOST_EXAMPLES = 10


def frozen(model: keras.Model, shape: tuple[int, int, int]) -> Any:
    """Return what a model computes for one picture, its weights as constants: what a converter starts from.

    Args:
        model: a Keras model from a batch of pictures to anything.
        shape: height, width and channels of a picture.

    Returns:
        A concrete function from pictures, float32 (1, height, width, channels), for
        ``tf.lite.TFLiteConverter.from_concrete_functions``. It has no variables, so ``tf.Module()`` will do as the
        object that holds them.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    one_picture = tf.TensorSpec((1, *shape), tf.float32, name="images")
    run = tf.function(lambda images: model(images, training=False))
    return convert_variables_to_constants_v2(run.get_concrete_function(one_picture))


def folder(known: Features) -> Path:
    """Return where the classifier trained on these features is kept; it need not be there yet."""
    return paths.cache_dir() / "shipped" / known.fingerprint


def write(known: Features, network: bytes, *, threshold: float, measured: dict[str, Any]) -> Path:
    """Write the folder in one step, in the place of an earlier one.

    Args:
        known: the features on which the head was trained; its first 70 % are the training part.
        network: the content of the ``.tflite`` file.
        threshold: the probability below which the answer is "I don't know", in [0, 1].
        measured: what the lesson has measured, plain JSON, kept as it is.

    Returns:
        The folder.

    Raises:
        CourseError: the network is no ``.tflite`` file, the threshold is none, or the disk is full.
    """
    if network[4:8] != b"TFL3":
        raise CourseError(
            "The classifier was not written",
            "the network is not the content of a .tflite file",
            "Pass what tf.lite.TFLiteConverter's convert() returned",
        )
    if not 0 <= threshold <= 1:
        raise CourseError(
            "The classifier was not written", f"the threshold is {threshold}", "Pass a probability, from 0 to 1"
        )
    chosen = evenly(len(known.split()[0][1]), MOST_NEIGHBORS)
    examples = _two_of_each_class(known)
    size = known.backbone.spec.image_size
    factor, small = _as_bytes(np.asarray(known.x[chosen]))
    about = {
        "format": FORMAT,
        "network": {"bytes": len(network), "sha256": hashlib.sha256(network).hexdigest()},
        "names": list(known.dataset.class_names),
        "size": size,
        "features": known.backbone.spec.num_features,
        "threshold": threshold,
        "dataset": known.dataset.name,
        "backbone": known.backbone.spec.title,
        "weights": known.backbone.source,
        "trained": known.backbone.trained,
        "fingerprint": known.fingerprint,
        "measured": measured,
        "neighbors": {"factor": factor, "labels": known.y[chosen].tolist(), "side": SIDE, "columns": COLUMNS},
        "examples": {"labels": known.y[examples].tolist(), "side": size, "columns": len(examples)},
    }
    place = folder(known)
    with paths.locked(place), paths.whole_directory(place) as unfinished:
        (unfinished / NETWORK).write_bytes(network)
        (unfinished / NEIGHBORS).write_bytes(small.tobytes())
        sheet(known.dataset, chosen, SIDE, COLUMNS).save(unfinished / PICTURES, quality=82)
        sheet(known.dataset, examples, size, len(examples)).save(unfinished / EXAMPLES, quality=92)
        (unfinished / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return place


def _as_bytes(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Return a factor and uint8 numbers whose product is ``x``, which is never negative, up to half the factor.

    >>> _as_bytes(np.array([[0.0, 1.0, 2.55]]))[1]
    array([[  0, 100, 255]], dtype=uint8)
    """
    factor = float(x.max()) / 255 or 1.0
    return factor, np.clip(np.rint(x / factor), 0, 255).astype(np.uint8)


def _two_of_each_class(known: Features) -> np.ndarray:
    """Return the numbers of the first two test pictures of each class, the first of all classes first."""
    first = len(known.y) - len(known.split()[2][1])
    labels = known.y[first:]
    classes = range(len(known.dataset.class_names))
    found = [
        first + place for nth in (0, 1) for one in classes for place in np.flatnonzero(labels == one)[nth : nth + 1]
    ]
    return np.array(found[:MOST_EXAMPLES], int)
