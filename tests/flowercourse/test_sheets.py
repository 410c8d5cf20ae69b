"""Sheets of small pictures: each picture stands where its number says."""

from __future__ import annotations

import numpy as np
from PIL import Image

from flowercourse import datasets
from flowercourse.sheets import sheet


def cut(image: Image.Image, number: int, side: int, columns: int) -> np.ndarray:
    """Return one picture of a sheet, float (side, side, 3)."""
    row, column = divmod(number, columns)
    part = image.crop((column * side, row * side, (column + 1) * side, (row + 1) * side))
    return np.asarray(part, float)


def test_pictures_stand_in_the_order_in_which_they_were_chosen():
    data = datasets.find()
    made = sheet(data, np.array([7, 2, 11]), side=24, columns=2)
    assert made.size == (48, 48)
    images = [image for image, _ in data.load("train[:12]").as_numpy_iterator()]
    for place, number in enumerate((7, 2, 11)):
        expected = Image.fromarray(images[number]).resize((24, 24), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(cut(made, place, 24, 2), np.asarray(expected, float))
    assert cut(made, 3, 24, 2).min() == 255  # no picture
