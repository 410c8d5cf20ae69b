"""Many small pictures as one: what a page loads at once and cuts apart again."""

from __future__ import annotations

import math
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
    for number, (image, _) in enumerate(dataset.load(f"train[:{int(max(chosen)) + 1}]").as_numpy_iterator()):
        if number in place:
            row, column = divmod(place[number], columns)
            small = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
            made.paste(small, (column * side, row * side))
    return made
