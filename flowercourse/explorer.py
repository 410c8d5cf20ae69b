"""What the site's explorer of predictions shows: written when the page is built, read by `_static/predictions/`.

The class activation maps are exact. Features are averages of feature maps over their places, and the head is linear, so
each place has its own share in a logit, and the shares and the bias add up to it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowercourse.sheets import evenly, pictures_of, sheet

if TYPE_CHECKING:
    from flowercourse.features import Features

MOST_PICTURES = 300  # at 3 or 4 kB each
SIDE, COLUMNS = 112, 15  # of the pictures that are explored
SMALL_SIDE, SMALL_COLUMNS = 64, 30  # of the training pictures that are like them
NEAREST = 3
UNIT = 0.001  # maps are whole numbers of it
BATCH_SIZE = 32


@dataclass(frozen=True)
class Explorable:
    """Predictions in a form that a page can show.

    Attributes:
        data: plain JSON; see `explorable`.
        pictures: a JPEG, the explored pictures side by side, ``COLUMNS`` in a row.
        neighbors: a JPEG, the training pictures that ``data`` names, ``SMALL_COLUMNS`` in a row.
    """

    data: dict[str, Any]
    pictures: bytes
    neighbors: bytes


def explorable(known: Features, kernel: np.ndarray, bias: np.ndarray) -> Explorable:
    """Return the predictions of a linear head for the validation part, with their reasons.

    Args:
        known: features of a data set; its first 70 % are the training part, the next 15 % the validation part.
        kernel: float (num_features, classes), the head's weights.
        bias: float (classes,).

    Returns:
        At most ``MOST_PICTURES`` pictures of the validation part, spread evenly. Of each, in lists of the same order:
        ``labels``; ``logits``; ``at``, its place on a map, its first two principal components among these pictures,
        each scaled to [0, 1]; ``nearest``, places in the sheet of training pictures, and ``similar``, the cosines;
        ``maps``, by class: for its answer and for its label, row by row, whole numbers of ``unit``. ``kept`` is the
        share of the features' variance that the map keeps.

    Raises:
        CourseError: the backbone's features are no average of maps.
    """
    x, y = (np.asarray(values) for values in known.split()[1])
    first = len(known.split()[0][1])
    chosen = evenly(len(y), MOST_PICTURES)
    x, y = x[chosen].astype(float), y[chosen]
    logits = x @ np.asarray(kernel, float) + bias
    at, kept = _on_a_map(x)
    nearest, similar = _nearest(x, np.asarray(known.split()[0][0], float))
    shown = np.unique(nearest)
    data = {
        "names": list(known.dataset.class_names),
        "of": len(known.split()[1][1]),
        "labels": y.tolist(),
        "logits": np.round(logits, 4).tolist(),
        "at": np.round(at, 4).tolist(),
        "kept": kept,
        "nearest": np.searchsorted(shown, nearest).tolist(),
        "similar": np.round(similar, 3).tolist(),
        "neighbors": {"labels": known.y[shown].tolist(), "side": SMALL_SIDE, "columns": SMALL_COLUMNS},
        "pictures": {"side": SIDE, "columns": COLUMNS},
        "unit": UNIT,
        **_maps(known, first + chosen, kernel, [{int(a), int(b)} for a, b in zip(logits.argmax(1), y, strict=True)]),
    }
    sheets = (
        sheet(known.dataset, first + chosen, SIDE, COLUMNS),
        sheet(known.dataset, shown, SMALL_SIDE, SMALL_COLUMNS),
    )
    return Explorable(data, *(_as_jpeg(one) for one in sheets))


def _on_a_map(x: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the first two principal components, scaled to [0, 1], and the share of the variance that they keep.

    >>> at, kept = _on_a_map(np.array([[0.0, 0, 7], [2, 0, 7], [0, 1, 7], [2, 1, 7]]))
    >>> sorted(map(tuple, at.round(6).tolist())), round(kept, 6)
    ([(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)], 1.0)
    """
    centered = x - x.mean(axis=0)
    u, sizes, axes = np.linalg.svd(centered, full_matrices=False)
    # The sign of a component is arbitrary: fixed here, so that the same data give the same map.
    signs = np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
    two = u[:, :2] * sizes[:2] * signs
    low, high = two.min(axis=0), two.max(axis=0)
    return (two - low) / np.where(high > low, high - low, 1), float((sizes[:2] ** 2).sum() / (sizes**2).sum())


def _nearest(x: np.ndarray, training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of ``training`` whose directions are most like that of each row of ``x``, and the cosines.

    >>> _nearest(np.array([[1.0, 0]]), np.array([[0, 1.0], [9, 0], [1, 1], [-1, 0]]))[0]
    array([[1, 2, 0]])
    """
    directions = [values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12) for values in (x, training)]
    cosines = directions[0] @ directions[1].T
    found = np.argsort(-cosines, axis=1, kind="stable")[:, :NEAREST]
    return found, np.take_along_axis(cosines, found, axis=1)


def _maps(known: Features, numbers: np.ndarray, kernel: np.ndarray, wanted: list[set[int]]) -> dict[str, Any]:
    """Return ``shape``, that of the maps, and ``maps``: for each picture the shares of the places by class."""
    from flowercourse import features

    kernel = np.asarray(kernel, np.float32)
    maps: list[dict[str, list[int]]] = []
    shape: list[int] = []
    batches = _images(known, numbers)
    for images in batches:
        for one in features.maps_of_images(images, known.backbone):
            shape = list(one.shape[:2])
            classes = sorted(wanted[len(maps)])
            shares = one.reshape(-1, one.shape[2]) @ kernel[:, classes] / (shape[0] * shape[1])
            whole = np.rint(shares / UNIT).astype(int).T
            maps.append({str(label): row.tolist() for label, row in zip(classes, whole, strict=True)})
    return {"shape": shape, "maps": maps}


def _images(known: Features, numbers: np.ndarray) -> Any:
    """Yield the pictures with these numbers, in this order, as the backbone takes them, in batches."""
    import tensorflow as tf

    size = known.backbone.spec.image_size
    batch: list[Any] = []
    for _, image in pictures_of(known.dataset, numbers):
        batch.append(np.clip(tf.image.resize(image, (size, size)).numpy() / 255.0, 0, 1))
        if len(batch) == BATCH_SIZE:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)


def _as_jpeg(image: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    return content.getvalue()
