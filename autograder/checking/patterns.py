"""Pictures whose right treatment is known, whatever method resizes them.

    ramps       red rises from left to right, green from top to bottom, blue is full: shows where each part of the
                picture went
    flat        one color everywhere: shows what became of the values
    numbered    flat pictures that carry a number in their color: shows which picture is which, even where the values
                were scaled wrongly

All are uint8 (height, width, 3) with values from 0 to 255.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.checking.arguments import tensor
from autograder.checking.expect import expect, expect_close, expect_kind, expect_range, expect_shape
from autograder.checking.messages import Failed, in_words
from autograder.checking.numbers import as_numbers
from autograder.checking.values import Function
from autograder.conversation.protocol import Plain

Args = tuple[int, ...]
NUMBERS = 86  # `numbered` tells this many apart: values 3 apart survive rounding
_STEP = 3


def ramps(height: int, width: int) -> np.ndarray:
    """Return a picture whose red shows the column and whose green shows the row."""
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[..., 0] = np.linspace(0, 255, width).round()[None, :]
    picture[..., 1] = np.linspace(0, 255, height).round()[:, None]
    return picture


def flat(color: int | Sequence[int], height: int, width: int) -> np.ndarray:
    """Return a picture of one color: one gray, or red, green and blue, from 0 to 255."""
    return np.broadcast_to(np.asarray(color, np.uint8), (height, width, 3)).copy()


def numbered(numbers: Sequence[int] | np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return a flat picture for each number from 0 to `NUMBERS` - 1, of various heights and widths."""
    sizes = rng.integers(8, 40, size=(len(numbers), 2))
    return [
        flat((_STEP * int(number), 0, 255), int(height), int(width))
        for number, (height, width) in zip(numbers, sizes, strict=True)
    ]


def numbers_of(images: np.ndarray) -> np.ndarray:
    """Return the numbers that pictures of `numbered` carry, -1 where they carry none.

    Args:
        images: (batch, height, width, 3), resized, and scaled in whatever way.
    """
    red, green, blue = np.moveaxis(images.mean(axis=(1, 2), dtype=np.float64), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (red - green) / (blue - green) * 255 / _STEP
    good = np.isfinite(found) & (np.abs(found - np.round(found)) < 0.25)
    return np.where(good, np.round(np.where(good, found, 0)), -1).astype(int)


def expect_whole_picture(image: np.ndarray, *, what: str) -> None:
    """Expect an image (height, width, 3), in whatever range, to be all of a picture of `ramps`, the right way round.

    Raises:
        Failed: parts are missing, borders were added, or it was turned.
    """
    height, width = image.shape[:2]
    values = image.astype(np.float64)
    full = values[..., 2].max()
    if not np.isfinite(values).all() or full <= values[..., 0].min():
        raise Failed(f"{what}: the picture, resized", in_words(image))
    values = (values - values[..., :2].min()) / (full - values[..., :2].min())
    columns = np.broadcast_to(np.linspace(0, 1, width)[None, :], (height, width))
    rows = np.broadcast_to(np.linspace(0, 1, height)[:, None], (height, width))
    off = max(np.abs(values[..., 0] - columns).max(), np.abs(values[..., 1] - rows).max())
    if values[..., 2].min() < 0.97:
        raise Failed(f"{what}: the picture alone", "borders around it", "Squeeze the picture: no padding.")
    if off > 0.04:
        turned = max(np.abs(values[..., 0] - rows).max(), np.abs(values[..., 1] - columns).max()) < 0.04
        found = "the picture turned: rows and columns are swapped" if turned else "only a part of it, or another one"
        raise Failed(f"{what}: the whole picture, the right way round", found, "Squeeze the picture: cut nothing off.")


def image_of(answer: Plain, *, what: str) -> tuple[np.ndarray, Plain]:
    """Return image and label from what a learner's function returned, or raise `Failed`."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Failed(f"{what}: a pair (image, label)", in_words(answer), "`return image, label`.")
    image = as_numbers(answer[0])
    if image is None or image.ndim != 3:
        swapped = isinstance(answer[1], np.ndarray) and answer[1].ndim == 3
        hint = "`return image, label`: picture first, then label." if swapped else "`return image, label`."
        raise Failed(f"{what}: a pair whose first item is a picture", in_words(answer[0]), hint)
    return image, answer[1]


def noise(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a picture, uint8 (size, size, 3), in which each pixel counts."""
    return rng.integers(0, 256, (size, size, 3)).astype(np.uint8)


def expect_resized(resize_and_scale: Function, height: int, width: int, size: int = 224, given: Args = ()) -> None:
    """Expect a picture of this height and width to come out whole and square, whatever became of its values.

    Args:
        resize_and_scale: the learner's function of image and label.
        height: pixels of the picture.
        width: pixels of the picture.
        size: height and width that it should have afterwards.
        given: what the function takes after image and label.
    """
    what = f"resize_and_scale of {height} x {width} pixels"
    image, _ = image_of(resize_and_scale(tensor(ramps(height, width)), 0, *given), what=what)
    expect_shape(image, (size, size, 3), what=what, hint="tf.image.resize(image, (height, width)).")
    expect_whole_picture(image, what=what)


def expect_sharp(resize_and_scale: Function, rng: np.random.Generator, size: int = 224, given: Args = ()) -> None:
    """Expect a picture of noise that has the right size already to keep its pixels, whatever became of their values."""
    picture = noise(size, rng)
    what = f"resize_and_scale of {size} x {size} pixels"
    image, _ = image_of(resize_and_scale(tensor(picture), 0, *given), what=what)
    expect_shape(image, (size, size, 3), what=what)
    expect_pixels_kept(image, picture, what=what)


def expect_pixels_kept(image: np.ndarray, picture: np.ndarray, *, what: str) -> None:
    """Expect an image, in whatever range, to show a picture of `noise`; some ways of resizing smooth it a little."""
    with np.errstate(all="ignore"):  # one color everywhere is like nothing: NaN, which is not above 0.9
        alike = np.corrcoef(image.astype(np.float64).ravel(), picture.ravel())[0, 1]
    hint = "Resize once, to the size that is asked for."
    expect(alike > 0.9, f"{what}: the picture, as sharp as it was", "a blurred one, or another", hint)


def expect_label_kept(resize_and_scale: Function, label: int, *, given: Args = ()) -> None:
    """Expect the label to come back as it was."""
    what = f"resize_and_scale with label {label}"
    _, found = image_of(resize_and_scale(tensor(flat(0, 20, 30)), label, *given), what=what)
    expect_close(found, label, rtol=0, what=f"{what}: the label", hint="Return the label as it came.")
    expect_kind(found, "integer", what=f"{what}: the label", hint="Return the label as it came.")


def expect_scaled(resize_and_scale: Function, color: Sequence[int], *, given: Args = ()) -> None:
    """Expect a picture of one color to come out as float32 with this color from 0 to 1."""
    what = f"resize_and_scale of a picture of the color {tuple(color)}"
    image, _ = image_of(resize_and_scale(tensor(flat(color, 40, 50)), 0, *given), what=what)
    hint = "Divide by 255, once."
    expect(image.dtype == np.float32, f"{what}: float32", image.dtype.name, "tf.image.resize returns float32.")
    expect_range(image, 0, 1, what=what, hint=hint)
    expect_shape(image, (None, None, 3), what=what)
    height, width = image.shape[:2]
    # The middle, because borders around it are a matter of the picture's size.
    middle = image[height // 4 : height - height // 4, width // 4 : width - width // 4]
    expect_close(middle.mean(axis=(0, 1)), np.array(color) / 255, atol=2e-3, what=f"{what}: its color", hint=hint)
