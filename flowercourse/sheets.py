"""Many small pictures as one: what a page loads at once and cuts apart again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from flowercourse.datasets import Dataset


def sheet(dataset: Dataset, chosen: np.ndarray, side: int, columns: int) -> Any:
    """Return pictures of a data set side by side, in the order in which they are chosen.

    Args:
        dataset: the data set.
        chosen: int (n,), the pictures' numbers in the data set's order, each one once, at least one.
        side: pixels; each picture is distorted to a square of this side.
        columns: how many stand in a row.

    Returns:
        A PIL image of ``columns * side`` by ``ceil(n / columns) * side`` pixels, white where there is no picture.
    """
    from PIL import Image

    made = Image.new("RGB", (columns * side, math.ceil(len(chosen) / columns) * side), "white")
    place = {int(number): index for index, number in enumerate(chosen)}
    for number, image in pictures_of(dataset, chosen):
        row, column = divmod(place[number], columns)
        small = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
        made.paste(small, (column * side, row * side))
    return made


def pictures_of(dataset: Dataset, chosen: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (number, uint8 (height, width, 3)) of the chosen pictures, in the data set's order; no other is decoded."""
    import tensorflow as tf

    wanted = set(chosen.tolist())
    stored = dataset.load(f"train[:{int(max(chosen)) + 1}]", decode=False).as_numpy_iterator()
    for number, (data, _) in enumerate(stored):
        if number in wanted:
            yield number, tf.io.decode_image(data, channels=3).numpy()


def evenly(count: int, most: int) -> np.ndarray:
    """Return the numbers of at most ``most`` of ``count`` pictures, spread evenly, in order.

    >>> evenly(3, 900), evenly(5, 3)
    (array([0, 1, 2]), array([0, 2, 4]))
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
